import { spawnSync } from "node:child_process";
import { describe } from "@jest/globals";

/** The path of a program on PATH (or among the system's administration programs), or undefined. */
export function findProgram(name: string): string | undefined {
  const script = 'PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin" command -v "$1"';
  const found = spawnSync("/bin/sh", ["-c", script, "sh", name], { encoding: "utf8" });
  return found.status === 0 ? found.stdout.trim() : undefined;
}

/** A suite that needs a program: where it is absent the suite is reported as skipped, with the reason in its name. */
export function describeWithProgram(program: string, name: string, suite: (path: string) => void): void {
  const found = findProgram(program);
  // biome-ignore lint/suspicious/noSkippedTests: an absent server is the stated reason, and CI has it
  if (found === undefined) describe.skip(`${name} (skipped: no ${program} on this machine)`, () => suite(program));
  else describe(name, () => suite(found));
}
