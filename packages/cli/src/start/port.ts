import { UsageError } from "../command.ts";

/** Reads the value of --port; 0 picks a free one. Throws UsageError. */
export function portOf(text: string): number {
  const port = Number(text);
  if (!/^[0-9]{1,5}$/.test(text) || port > 65_535) throw new UsageError(`--port ${text}: not a port`);
  return port;
}
