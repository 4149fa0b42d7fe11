import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/** True when a process with this id exists, whoever owns it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** When a process started, as an opaque text that tells it from a later process with the same id; undefined when there is none. */
export async function startMark(pid: number): Promise<string | undefined> {
  if (!isAlive(pid)) return undefined;
  if (process.platform === "linux") {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
    // proc(5): the command in parentheses may hold blanks; starttime is field 22, the 20th after it.
    return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  }
  const listed = await run("ps", ["-o", "lstart=", "-p", String(pid)]).catch(() => undefined);
  // One word, as the lock file's fields are.
  return listed?.stdout.trim().replaceAll(/\s+/g, "_") || undefined;
}
