import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { DomainError } from "@koinon/errors/domain-error";
import { startMark } from "./process-identity.ts";

/** Why a folder can not be taken: `pid` works in it, or 0 when others kept taking and leaving it. */
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

const attemptsMax = 5;
let drafts = 0;

/** Takes an existing folder, or throws DATA_FOLDER_IN_USE naming the living process that has it, which may be this one. */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const file = path.join(folder, "owner");
  const mine = `${process.pid} ${await startMark(process.pid)}\n`;
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    if (await createExclusively(file, mine)) return { release: () => rm(file, { force: true }) };
    const found = await readFile(file, "utf8").catch(() => undefined);
    if (found === undefined) continue;
    const [pid, mark] = found.trim().split(" ");
    if (mark !== undefined && (await startMark(Number(pid))) === mark) throw inUse(folder, Number(pid));
    await removeStale(file, found);
  }
  throw inUse(folder, 0);
}

async function createExclusively(file: string, content: string): Promise<boolean> {
  // A hard link appears with its content at once, so nobody reads half an owner.
  const draft = asideOf(file, "new");
  await writeFile(draft, content, { mode: 0o600 });
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

// Two starters may see the same stale owner: only what was judged stale is removed, a fresh one is put back.
async function removeStale(file: string, judged: string): Promise<void> {
  const aside = asideOf(file, "stale");
  try {
    await rename(file, aside);
    if ((await readFile(aside, "utf8")) !== judged) await link(aside, file);
  } catch (error) {
    if (!["ENOENT", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

/** A name that no other taker uses, of this process or another. */
function asideOf(file: string, use: string): string {
  drafts += 1;
  return `${file}.${use}.${process.pid}.${drafts}`;
}

function inUse(folder: string, pid: number): FolderLockError {
  return new FolderLockError({ code: "DATA_FOLDER_IN_USE", folder, pid });
}
