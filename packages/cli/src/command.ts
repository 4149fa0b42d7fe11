import { DomainError } from "@koinon/errors/domain-error";

/** What a command may touch of the outside; the process in `main.ts`, buffers in tests. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Writes a line to standard output: results. */
  out(line: string): void;
  /** Writes a line to standard error: progress and problems. */
  err(line: string): void;
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

/** Input that a command can not work with; ends it with exit code 2 and the message. */
export class UsageError extends DomainError<{ code: "USAGE"; problem: string }> {
  constructor(problem: string) {
    super({ code: "USAGE", problem });
    this.message = problem;
  }
}
