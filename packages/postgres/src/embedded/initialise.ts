import { execFile } from "node:child_process";
import { access, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import type { PostgresBinaries } from "./binaries.ts";
import { EmbeddedPostgresError } from "./embedded-error.ts";
import { commandFor, giveTo, type ServerIdentity } from "./server-identity.ts";

const run = promisify(execFile);

/** The superuser of an embedded server. */
export const embeddedUser = "koinon";

/** Environment of the server's programs: nothing of this process's own. */
export const serverEnvironment = { LC_ALL: "C", TZ: "UTC" };

/** Source of fresh random bytes. */
export interface RandomBytes {
  bytes(length: number): Uint8Array;
}

/** Reads the superuser's password, or makes one and keeps it in a file that only this user can read. */
export async function keepPassword(file: string, random: RandomBytes): Promise<string> {
  const kept = await readFile(file, "utf8").catch(() => undefined);
  if (kept !== undefined && kept.trim() !== "") return kept.trim();
  const password = Buffer.from(random.bytes(24)).toString("base64url");
  const draft = `${file}.draft`;
  await writeFile(draft, `${password}\n`, { mode: 0o600 });
  await rename(draft, file);
  return password;
}

/** Runs initdb unless the data folder is there already; a run that was broken off leaves nothing behind that would be taken for one. */
export async function initialise(
  binaries: PostgresBinaries,
  identity: ServerIdentity,
  folder: { root: string; data: string },
  password: string,
  durable: boolean,
): Promise<void> {
  if (await exists(folder.data)) return;
  const draft = path.join(folder.root, "data.draft");
  const passwordFile = path.join(folder.root, "initdb-password");
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { mode: 0o700 });
  await giveTo(identity, draft);
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  await giveTo(identity, passwordFile);
  const flags = ["-D", draft, "-U", embeddedUser, "-A", "scram-sha-256", `--pwfile=${passwordFile}`];
  const locale = ["-E", "UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"];
  const speed = durable ? [] : ["--no-sync"];
  const args = [...flags, ...locale, "--no-instructions", ...speed];
  const command = commandFor(identity, binaries.initdb, args);
  try {
    await run(command.file, command.args, { cwd: "/", env: serverEnvironment, ...command.ids });
  } catch (error) {
    const output = (error as { stderr?: string }).stderr?.trim() ?? String(error);
    throw new EmbeddedPostgresError({ code: "INITDB_FAILED", folder: folder.root, output }, { cause: error });
  } finally {
    await rm(passwordFile, { force: true });
  }
  await rename(draft, folder.data);
}

async function exists(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  );
}
