import type { Logger } from "@koinon/runtime/logger";

const silent = () => undefined;

/** A log that nobody reads. */
export const silentLog: Logger = {
  debug: silent,
  info: silent,
  warn: silent,
  error: silent,
  fatal: silent,
  child: () => silentLog,
  flush: silent,
};
