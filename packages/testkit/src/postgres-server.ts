import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { access, mkdir, rename, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "@koinon/postgres/embedded";
import { findBinaries } from "@koinon/postgres/embedded-binaries";
import { temporaryFolder } from "./temporary-folder.ts";

const run = promisify(execFile);
const random = { bytes: (length: number): Uint8Array => randomBytes(length) };

/** How the test server runs. */
export interface TestPostgresOptions {
  /** "full" (fsync on) for tests and benchmarks of durability. Default "none". */
  readonly durability?: "full" | "none";
  readonly settings?: Readonly<Record<string, string>>;
}

/** A server on a temporary copy of an initialised data folder. */
export interface TestServer {
  readonly server: EmbeddedPostgres;
  /** Starts a new server on the same folder. */
  relaunch(): Promise<EmbeddedPostgres>;
  remove(): Promise<void>;
}

/** Copies the machine's initialised data folder and starts a server on the copy. */
export async function launchFromCopy(options: TestPostgresOptions): Promise<TestServer> {
  const initialised = await initialisedFolder();
  const folder = await temporaryFolder("koinon-pg-");
  // cp keeps the owner, which is the server's user when the tests run as root.
  await run("cp", ["-a", path.join(initialised, "data"), path.join(initialised, "password"), folder.path]);
  const relaunch = () =>
    startEmbeddedPostgres(
      {
        directory: folder.path,
        durability: options.durability ?? "none",
        connectionsMax: 200,
        settings: options.settings ?? {},
      },
      { random },
    );
  return { server: await relaunch(), relaunch, remove: folder.remove };
}

async function initialisedFolder(): Promise<string> {
  const { version } = await findBinaries();
  const base = path.join(os.tmpdir(), `koinon-testkit-${process.getuid?.() ?? "user"}`);
  const folder = path.join(base, `postgres-${version}`);
  if (await exists(folder)) return folder;
  await mkdir(base, { recursive: true, mode: 0o711 });
  const draft = `${folder}.${process.pid}`;
  const server = await startEmbeddedPostgres({ directory: draft, durability: "none" }, { random });
  // A clean shutdown, so that no copy needs recovery.
  process.kill(server.pid, "SIGINT");
  await server.exited;
  await server.stop();
  try {
    await rename(draft, folder);
  } catch (error) {
    // Another test process was faster.
    await rm(draft, { recursive: true, force: true });
    if (!(await exists(folder))) throw error;
  }
  return folder;
}

async function exists(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  );
}
