/** One thing that the interpreter's bench measured, per second of CPU time. */
export interface InterpreterFigure {
  readonly name: string;
  readonly unit: "Mgas/s" | "tx/s";
  readonly value: number;
  /** The same on @ethereumjs/evm; undefined where it was not measured. */
  readonly ethereumjs?: number | undefined;
}

/** What the interpreter's bench showed: `packages/evm/test/bench/evm-bench.ts --json` prints it, `npm run bench -- chain` reads it. */
export type InterpreterFigures = readonly InterpreterFigure[];
