import { type DestinationStream, type Logger as PinoLogger, pino } from "pino";
import type { Clock } from "./clock.ts";

/** Structured log: a constant message, facts as fields. `error` means that someone must act. */
export interface Logger {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
  fatal(facts: object, message: string): void;
  /** A logger that adds fields to every line. */
  child(fields: Record<string, unknown>): Logger;
  /** Writes out what is buffered. */
  flush(): void;
}

export const logLevels = ["debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

// Fields that carry secrets or what people wrote, whatever object they are in.
const redactedFields = [
  "authorization",
  "apiKey",
  "api_key",
  "key",
  "privateKey",
  "password",
  "secret",
  "token",
  "prompt",
  "body",
];

/** A logger that writes one JSON object a line, to stderr unless told otherwise: stdout belongs to what a command answers. */
export function createLogger(options: {
  name: string;
  level: LogLevel;
  clock: Clock;
  destination?: DestinationStream;
}): Logger {
  const logger = pino(
    {
      name: options.name,
      level: options.level,
      base: { name: options.name },
      timestamp: () => `,"time":${options.clock.now()}`,
      redact: { paths: redactedFields.flatMap((field) => [field, `*.${field}`]), censor: "[redacted]" },
      formatters: { level: (label) => ({ level: label }), log: withoutBigints },
    },
    options.destination ?? pino.destination({ dest: 2, sync: true }),
  );
  return wrap(logger);
}

/** Amounts as decimal strings: as JSON numbers they would lose digits in whatever reads the log. */
function withoutBigints(facts: Record<string, unknown>): Record<string, unknown> {
  if (!Object.values(facts).some((value) => typeof value === "bigint")) return facts;
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [name, typeof value === "bigint" ? value.toString() : value]),
  );
}

function wrap(logger: PinoLogger): Logger {
  return {
    debug: (facts, message) => logger.debug(facts, message),
    info: (facts, message) => logger.info(facts, message),
    warn: (facts, message) => logger.warn(facts, message),
    error: (facts, message) => logger.error(facts, message),
    fatal: (facts, message) => logger.fatal(facts, message),
    child: (fields) => wrap(logger.child(fields)),
    flush: () => logger.flush(),
  };
}
