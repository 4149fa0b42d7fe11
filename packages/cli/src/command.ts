import { DomainError } from "@koinon/errors/domain-error";
import type { Clock } from "@koinon/runtime/clock";
import type { Random } from "@koinon/runtime/random";

/** What a command may touch of the outside; the process in `main.ts`, buffers in tests. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly random: Random;
  /** Writes a line to standard output: results. */
  out(line: string): void;
  /** Writes a line to standard error: progress and problems. */
  err(line: string): void;
  /** Aborted when the user asks to stop. From the first call on, stopping is the command's business. */
  interrupted(): AbortSignal;
}

/** One command of `koinon`. */
export interface Command {
  /** First line of `koinon <name> --help`, e.g. `koinon verify FILE [--trust FILE]`. */
  readonly usage: string;
  /** The rest of the help. */
  readonly help: string;
  /** Answers the exit code: 0 done, 1 the answer is no, 2 the input can not be read. */
  run(args: readonly string[], terminal: Terminal): Promise<number>;
}

/** Arguments that a command does not understand; ends it with exit code 2, the message and the usage. */
export class UsageError extends DomainError<{ code: "USAGE"; problem: string }> {
  constructor(problem: string) {
    super({ code: "USAGE", problem });
    this.message = problem;
  }
}

/** A file or answer that a command needs and can not read; ends it with exit code 2 and the message. */
export class InputError extends DomainError<{ code: "INPUT"; problem: string }> {
  constructor(problem: string, options?: { cause?: unknown }) {
    super({ code: "INPUT", problem }, options);
    this.message = problem;
  }
}
