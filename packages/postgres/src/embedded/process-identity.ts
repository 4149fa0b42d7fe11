import { execFile } from "node:child_process";
import { readlink, realpath } from "node:fs/promises";
import { promisify } from "node:util";
import { isAlive } from "@koinon/machine/process-identity";

const run = promisify(execFile);

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
