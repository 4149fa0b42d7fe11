import { DomainError } from "@koinon/errors/domain-error";
import { InputError, UsageError } from "./command.ts";
import { reasonOf } from "./connection/files.ts";

/** How a command that threw ends. */
export interface Failure {
  readonly words: string;
  readonly exitCode: 1 | 2;
  /** The arguments were wrong: the usage helps. */
  readonly isUsage: boolean;
}

/** Faults of others that arguments cause, and those of files that can not be read; what is not here is told as it is. */
const inWords: Readonly<Record<string, { readonly kind: "usage" | "input" | "no"; say(facts: Facts): string }>> = {
  UNKNOWN_SERVICE: { kind: "usage", say: ({ name, known }) => `there is no service '${name}'; there are ${known}` },
  MODEL_SOURCE_INVALID: { kind: "usage", say: ({ source, reason }) => `'${source}' names no model: ${reason}` },
  MODEL_SOURCE_UNREACHABLE: { kind: "no", say: ({ source, reason }) => `can not read the model ${source}: ${reason}` },
  GGUF_INVALID: { kind: "no", say: ({ reason, offset }) => `the model can not be read: ${reason}${at(offset)}` },
  CONTENT_MISMATCH: {
    kind: "no",
    say: ({ what, expectedSha256, actualSha256 }) =>
      `${what} is not what was asked for: its SHA-256 is ${actualSha256}, not ${expectedSha256}`,
  },
  DATA_FOLDER_IN_USE: { kind: "no", say: ({ folder, pid }) => `process ${pid} works with ${folder} already` },
  GATEWAY_PORT_IN_USE: { kind: "no", say: ({ port }) => portInUse(`127.0.0.1:${port}`) },
  MODULE_START_FAILED: { kind: "no", say: ({ module, reason }) => `${module} could not start: ${startReason(reason)}` },
  ENGINE_URL_UNUSABLE: { kind: "no", say: ({ url, reason }) => `no engine can be used at ${url}: ${reason}` },
  GENESIS_MALFORMED: {
    kind: "input",
    say: ({ path, reason }) => `the genesis file can not be read: ${path === "" ? "it" : path} is ${reason}`,
  },
  GENESIS_UNSUPPORTED: {
    kind: "input",
    say: ({ path, reason }) => `the genesis file is of a chain that is not supported: ${path} ${reason}`,
  },
  GENESIS_MISMATCH: {
    kind: "no",
    say: ({ stored, given }) => `the folder's chain began with block ${stored}, the genesis file makes ${given}`,
  },
  BLOCK_FILE_ELSEWHERE: {
    kind: "no",
    say: ({ block, reason }) => `the file is of another chain: block ${block}: ${reason}`,
  },
  BLOCK_REFUSED: { kind: "no", say: ({ block, reason }) => `block ${block} of the file is refused: ${reason}` },
  BLOCK_FILE_MALFORMED: {
    kind: "input",
    say: ({ offset, reason }) => `the file does not hold blocks as RLP, one after the other: ${reason}${at(offset)}`,
  },
};

type Facts = Readonly<Record<string, unknown>>;

/** What Node says of files and folders that are not what an argument says they are. */
const fileCodes: ReadonlySet<unknown> = new Set(["ENOENT", "EACCES", "EPERM", "EISDIR", "ENOTDIR", "EEXIST", "EROFS"]);

/** What to tell of what a command threw, and how it ends. */
export function failureOf(error: unknown): Failure {
  const words = error instanceof Error ? error.message : String(error);
  if (error instanceof UsageError) return { words, exitCode: 2, isUsage: true };
  if (isParserComplaint(error)) return { words: firstSentence(words), exitCode: 2, isUsage: true };
  if (error instanceof InputError) return { words, exitCode: 2, isUsage: false };
  if (error instanceof DomainError) {
    const known = Object.hasOwn(inWords, error.code) ? inWords[error.code] : undefined;
    if (known === undefined) return { words, exitCode: 1, isUsage: false };
    const { kind, say } = known;
    return { words: say(error.fault), exitCode: kind === "no" ? 1 : 2, isUsage: kind === "usage" };
  }
  const { code, path, syscall } = (error ?? {}) as { code?: unknown; path?: unknown; syscall?: unknown };
  if (!fileCodes.has(code) || typeof path !== "string") return { words, exitCode: 1, isUsage: false };
  const action = syscall === "mkdir" ? "make the folder" : "use";
  return { words: `can not ${action} ${path}: ${reasonOf(error)}`, exitCode: 2, isUsage: false };
}

/** Node goes on with advice on quoting that few need, and that ends in an open quotation mark. */
function firstSentence(words: string): string {
  return words.replace(/\. To specify a positional argument.*$/s, "");
}

function isParserComplaint(error: unknown): boolean {
  return error instanceof TypeError && String((error as { code?: unknown }).code).startsWith("ERR_PARSE_ARGS");
}

/** Node's own words for a port that another program has. */
function startReason(reason: unknown): string {
  const [, address] = /EADDRINUSE: address already in use (\S+)/.exec(String(reason)) ?? [];
  return address === undefined ? String(reason) : portInUse(address);
}

function portInUse(address: string): string {
  return `another program listens at ${address}; --port N takes another port`;
}

function at(offset: unknown): string {
  return offset === undefined ? "" : ` (at byte ${String(offset)})`;
}
