import { setPriority } from "node:os";

const niceness = 10;

/** Lets the calling worker thread run behind the one that makes blocks; on Linux, where a thread has a priority of its own. */
export function standBehindBlocks(): void {
  if (process.platform === "linux") setPriority(niceness);
}
