import { createLogger, type Logger, type LogLevel } from "../src/logger.ts";

/** A logger that keeps its lines, parsed. */
export function createRecordingLog(level: LogLevel = "debug"): {
  log: Logger;
  lines(): Record<string, unknown>[];
  text(): string;
} {
  let text = "";
  const destination = {
    write: (line: string) => {
      text += line;
    },
  };
  const log = createLogger({ name: "test", level, clock: { now: () => 1_700_000_000_000 }, destination });
  const lines = (): Record<string, unknown>[] =>
    text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line));
  return { log, lines, text: () => text };
}
