import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { DomainError } from "@koinon/errors/domain-error";

/** Why a folder can not be taken: `pid` works in it, by the number that it has for itself; 0 when it has not said so yet. */
export interface FolderLockFault {
  readonly code: "DATA_FOLDER_IN_USE";
  readonly folder: string;
  readonly pid: number;
}

export class FolderLockError extends DomainError<FolderLockFault> {}

/** Holds a folder for one owner of this process; a holder that died, by whatever cause, no longer counts. */
export interface FolderLock {
  release(): Promise<void>;
}

/** https://www.sqlite.org/rescode.html#busy */
const busy = 5;

/** One that nobody refers to would be closed, and its lock be gone. */
const held = new Set<DatabaseSync>();

/**
 * Takes an existing folder, or throws DATA_FOLDER_IN_USE naming the living process that has it, which may be this one. The lock is
 * the kernel's (fcntl), on the file `owner.lock`, which stays: it holds between containers that can not see each other's processes,
 * and between machines on drives whose protocol has locks. Node reaches it through an empty SQLite database.
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const ownerFile = path.join(folder, "owner");
  const database = lockFile(path.join(folder, "owner.lock"));
  if (database === undefined) throw await inUse(folder, ownerFile);
  held.add(database);
  const release = async (): Promise<void> => {
    if (!held.delete(database)) return;
    await rm(ownerFile, { force: true });
    database.close();
  };
  try {
    await writeFile(ownerFile, `${process.pid}\n`, { mode: 0o600 });
  } catch (error) {
    await release();
    throw error;
  }
  return { release };
}

/** The locked file; undefined when somebody else has it. */
function lockFile(file: string): DatabaseSync | undefined {
  // Waits for nobody: `timeout` is none.
  const database = new DatabaseSync(file);
  try {
    database.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    return database;
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode === busy) return undefined;
    throw error;
  }
}

async function inUse(folder: string, ownerFile: string): Promise<FolderLockError> {
  const pid = Number(await readFile(ownerFile, "utf8").catch(() => "0"));
  return new FolderLockError({ code: "DATA_FOLDER_IN_USE", folder, pid: Number.isSafeInteger(pid) ? pid : 0 });
}
