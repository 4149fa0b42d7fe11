import { execFile } from "node:child_process";
import { chown, stat } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { EmbeddedPostgresError } from "./embedded-error.ts";

const run = promisify(execFile);

/** Who the server runs as. PostgreSQL refuses to run as root, so root hands over to the user `postgres`; anybody else runs it as themselves. */
export interface ServerIdentity {
  readonly user: string;
  /** Set only when it differs from this process's own. */
  readonly ids?: { readonly uid: number; readonly gid: number };
}

const serverUser = "postgres";

/** Finds the identity for a process with this user id; root creates the user when it does not exist. */
export async function findServerIdentity(uid: number | undefined): Promise<ServerIdentity> {
  if (uid !== 0) return { user: "this user" };
  const ids = (await lookUp(serverUser)) ?? (await create(serverUser));
  return { user: serverUser, ids };
}

/** Gives a folder to the server's user. */
export async function giveTo(identity: ServerIdentity, folder: string): Promise<void> {
  if (identity.ids !== undefined) await chown(folder, identity.ids.uid, identity.ids.gid);
}

/** Fails with the name of the first folder on the way to `target` that the server's user may not enter. */
export async function assertTraversable(identity: ServerIdentity, target: string): Promise<void> {
  if (identity.ids === undefined) return;
  const { uid, gid } = identity.ids;
  for (const folder of ancestorsOf(target)) {
    const { mode, uid: owner, gid: group } = await stat(folder);
    const bit = owner === uid ? 0o100 : group === gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) {
      const needed = `chmod o+x ${folder}`;
      throw new EmbeddedPostgresError({ code: "FOLDER_NOT_TRAVERSABLE", folder, user: identity.user, needed });
    }
  }
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
