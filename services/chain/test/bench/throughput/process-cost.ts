import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";

const ticksPerSecond = 100;

/** CPU time of a process and all its threads so far. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  // utime and stime.
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** What a process has in memory. */
export function residentMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1000;
}

/** What a folder takes on disk, holes left out. */
export function folderMb(folder: string): number {
  let blocks = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) blocks += statSync(path.join(entry.parentPath, entry.name)).blocks;
  }
  return (blocks * 512) / 1e6;
}
