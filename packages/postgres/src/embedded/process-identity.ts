import { execFile } from "node:child_process";
import { readFile, readlink, realpath } from "node:fs/promises";
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
  return listed?.stdout.trim() || undefined;
}

/** True when the process is a PostgreSQL server for this data folder (a server's working directory is its data folder). */
export async function servesFolder(pid: number, dataFolder: string): Promise<boolean> {
  if (!isAlive(pid)) return false;
  if (process.platform === "linux") {
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
    return cwd === (await realpath(dataFolder));
  }
  const listed = await run("ps", ["-o", "command=", "-p", String(pid)]).catch(() => undefined);
  return listed?.stdout.includes(dataFolder) ?? false;
}
