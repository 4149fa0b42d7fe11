import { readFile, rm, writeFile } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";

/** What this process owns, until it is released or ends by whatever cause. */
export interface OwnerLock {
  release(): Promise<void>;
}

/** Who owns it instead, by the number that it has for itself; 0 when it has not said so yet. */
export interface OtherOwner {
  readonly pid: number;
}

/** https://www.sqlite.org/rescode.html#busy */
const busy = 5;

/** One that nobody refers to would be closed, and its lock be gone. */
const held = new Set<DatabaseSync>();

/**
 * Makes this process the owner that a file names, or answers the living process that is, which may be this one. The lock is
 * the kernel's (fcntl), on the file with `.lock` behind its name, which stays: it holds between containers that can not see each
 * other's processes, and between machines on drives whose protocol has locks. Node reaches it through an empty SQLite database.
 */
export async function lockOwner(file: string): Promise<OwnerLock | OtherOwner> {
  const database = lockFile(`${file}.lock`);
  if (database === undefined) return { pid: await ownerIn(file) };
  held.add(database);
  const release = async (): Promise<void> => {
    if (!held.delete(database)) return;
    await rm(file, { force: true });
    database.close();
  };
  try {
    await writeFile(file, `${process.pid}\n`, { mode: 0o600 });
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

async function ownerIn(file: string): Promise<number> {
  const pid = Number(await readFile(file, "utf8").catch(() => "0"));
  return Number.isSafeInteger(pid) ? pid : 0;
}
