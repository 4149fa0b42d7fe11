import { closeSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { InputError } from "../command.ts";

/**
 * Makes this process the only one that works with a witness's state: two of them could cosign two histories. A lock of a process that
 * is gone is taken over. Answers the release.
 */
export function lockState(stateFile: string): () => void {
  const file = `${stateFile}.lock`;
  for (let attempt = 0; ; attempt++) {
    try {
      const descriptor = openSync(file, "wx", 0o600);
      writeSync(descriptor, `${process.pid}\n`);
      closeSync(descriptor);
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      const owner = Number(readFileSync(file, "utf8"));
      if (isAlive(owner) || attempt > 0) {
        throw new InputError(
          `process ${owner} works with ${stateFile} already; when that is no witness, remove ${file}`,
        );
      }
      rmSync(file, { force: true });
    }
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
