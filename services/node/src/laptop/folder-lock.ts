import { closeSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { NodeError } from "../errors.ts";

/** Held by the one process that runs on a data folder. */
export interface FolderLock {
  release(): void;
}

/**
 * Takes the folder's lock file, which holds the owner's process id. A file left by a process that is gone (kill -9, power cut) is
 * taken over. Throws DATA_FOLDER_IN_USE while the owner lives.
 */
export function lockFolder(lockFile: string, folder: string): FolderLock {
  for (let attempt = 0; ; attempt += 1) {
    try {
      const descriptor = openSync(lockFile, "wx", 0o600);
      writeSync(descriptor, `${process.pid} ${startTime(process.pid)}\n`);
      closeSync(descriptor);
      return { release: () => rmSync(lockFile, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST" || attempt > 0) throw error;
      const owner = readOwner(lockFile);
      if (owner !== undefined && isSameProcess(owner)) {
        throw new NodeError({ code: "DATA_FOLDER_IN_USE", folder, pid: owner.pid });
      }
      rmSync(lockFile, { force: true });
    }
  }
}

interface Owner {
  readonly pid: number;
  readonly startedAt: string;
}

function readOwner(lockFile: string): Owner | undefined {
  const [pid, startedAt = ""] = readFileSync(lockFile, "utf8").trim().split(" ");
  return /^\d+$/.test(pid ?? "") ? { pid: Number(pid), startedAt } : undefined;
}

function isSameProcess(owner: Owner): boolean {
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  return startTime(owner.pid) === owner.startedAt;
}

/** Field 22 of /proc/<pid>/stat tells a process from a later one with the same id; empty where there is no /proc. */
function startTime(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}
