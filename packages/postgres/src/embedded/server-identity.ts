import { execFile } from "node:child_process";
import { chown, stat } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { EmbeddedPostgresError } from "./embedded-error.ts";
import { type SearchCapability, searchCapability } from "./search-capability.ts";

const run = promisify(execFile);

/** Who the server runs as. PostgreSQL refuses to run as root, so root hands over to the user `postgres`; anybody else runs it as themselves. */
export interface ServerIdentity {
  readonly user: string;
  /** Set only when it differs from this process's own. */
  readonly ids?: { readonly uid: number; readonly gid: number };
  /** Set only when the user needs help to enter a folder. */
  readonly capability?: SearchCapability;
}

/** A program to start, with its arguments, and the ids to start it with. */
export interface ServerCommand {
  readonly file: string;
  readonly args: string[];
  readonly ids: { readonly uid?: number; readonly gid?: number };
}

const serverUser = "postgres";

/** Finds the identity for a process with this user id; root creates the user when it does not exist. */
export async function findServerIdentity(uid: number | undefined): Promise<ServerIdentity> {
  if (uid !== 0) return { user: "this user" };
  const ids = (await lookUp(serverUser)) ?? (await create(serverUser));
  return { user: serverUser, ids };
}

/** How to start a program of the server under this identity. */
export function commandFor(identity: ServerIdentity, program: string, args: readonly string[]): ServerCommand {
  const { ids, capability } = identity;
  if (ids === undefined || capability === undefined) return { file: program, args: [...args], ids: ids ?? {} };
  const become = ["--reuid", String(ids.uid), "--regid", String(ids.gid), "--clear-groups"];
  const keep = ["--inh-caps", `+${capability.name}`, "--ambient-caps", `+${capability.name}`];
  return { file: capability.setpriv, args: [...become, ...keep, "--", program, ...args], ids: {} };
}

/** Gives a folder to the server's user. */
export async function giveTo(identity: ServerIdentity, folder: string): Promise<void> {
  if (identity.ids !== undefined) await chown(folder, identity.ids.uid, identity.ids.gid);
}

/**
 * Makes sure that the server's user can reach these files: a folder on the way that is closed to it (root's own home, often) is passed
 * with a capability where the system can lend one, else refused by name.
 */
export async function admit(
  identity: ServerIdentity,
  targets: readonly string[],
  lookUpCapability = searchCapability,
): Promise<ServerIdentity> {
  if (identity.ids === undefined) return identity;
  for (const target of targets) {
    const folder = await closedFolder(identity.ids, target);
    if (folder === undefined) continue;
    const capability = await lookUpCapability();
    if (capability !== undefined) return { ...identity, capability };
    const needed = `chmod o+x ${folder}`;
    throw new EmbeddedPostgresError({ code: "FOLDER_NOT_TRAVERSABLE", folder, user: identity.user, needed });
  }
  return identity;
}

async function closedFolder(ids: { uid: number; gid: number }, target: string): Promise<string | undefined> {
  for (const folder of ancestorsOf(target)) {
    const { mode, uid: owner, gid: group } = await stat(folder);
    const bit = owner === ids.uid ? 0o100 : group === ids.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return folder;
  }
  return undefined;
}

function ancestorsOf(target: string): string[] {
  const parent = path.dirname(target);
  return parent === target ? [] : [...ancestorsOf(parent), parent];
}

async function lookUp(user: string): Promise<{ uid: number; gid: number } | undefined> {
  try {
    const [uid, gid] = await Promise.all([run("id", ["-u", user]), run("id", ["-g", user])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return undefined;
  }
}

async function create(user: string): Promise<{ uid: number; gid: number }> {
  try {
    await run("useradd", ["--system", "--user-group", "--no-create-home", user]);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new EmbeddedPostgresError({ code: "POSTGRES_USER_MISSING", user, reason }, { cause: error });
  }
  const ids = await lookUp(user);
  if (ids === undefined) {
    throw new EmbeddedPostgresError({ code: "POSTGRES_USER_MISSING", user, reason: "not found after useradd" });
  }
  return ids;
}
