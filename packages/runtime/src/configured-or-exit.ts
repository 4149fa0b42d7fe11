import { ConfigError } from "./config.ts";

/** What `read` answers; a configuration that is not valid ends the process with exit code 1 and all its problems on stderr. */
export function configuredOrExit<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`configuration:\n${error.problems.map((problem) => `  - ${problem}\n`).join("")}`);
    process.exit(1);
  }
}
