import { type DestinationStream, type Logger as PinoLogger, pino, stdSerializers } from "pino";
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

// Message and stack of an error and all its causes.
const errorTextMax = 4_096;

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
      serializers: { err: errorFacts },
      formatters: { level: (label) => ({ level: label }), log: withoutBigints },
    },
    options.destination ?? pino.destination({ dest: 2, sync: true }),
  );
  return wrap(logger);
}

/** What is worth reading of an error. Other fields may be anything: drivers hang their connections on errors, clients whole requests. */
function errorFacts(error: unknown): unknown {
  if (!isErrorLike(error)) return String(error).slice(0, errorTextMax);
  const { type, message, stack } = stdSerializers.err(error as Error);
  return {
    type,
    message: message.slice(0, errorTextMax),
    stack: stack?.slice(0, errorTextMax),
    ...("code" in error && (typeof error.code === "string" || typeof error.code === "number")
      ? { code: error.code }
      : {}),
    // What a transport says of its own failures, such as the socket's error. A database's detail quotes rows.
    ...(type === "RpcError" && "detail" in error && typeof error.detail === "string"
      ? { detail: error.detail.slice(0, errorTextMax) }
      : {}),
  };
}

// By shape: errors of Node's own sockets belong to another realm wherever code runs in a vm context.
function isErrorLike(error: unknown): error is object {
  return typeof error === "object" && error !== null && "message" in error && "stack" in error;
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
