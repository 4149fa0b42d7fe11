import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { InterpreterFigures } from "@koinon/testkit/interpreter-figures";
import { moreIsBetter, type Row } from "../report/row.ts";

const interpreterBench = fileURLToPath(new URL("../../../packages/evm/test/bench/evm-bench.ts", import.meta.url));
const timeoutMs = 180_000;
const base = { bench: "chain", case: "interpreter" };

/** Runs the interpreter's bench. */
export async function benchInterpreter(): Promise<Row[]> {
  try {
    const args = ["--no-warnings", interpreterBench, "--json"];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: timeoutMs });
    return interpreterRows(JSON.parse(stdout) as InterpreterFigures);
  } catch (error) {
    return [{ ...base, metric: "Mgas", unit: "Mgas/s", note: `did not get through: ${String(error).split("\n")[0]}` }];
  }
}

/** Gas and transactions a second of CPU time of the interpreter alone. */
export function interpreterRows(figures: InterpreterFigures): Row[] {
  return figures.map(({ name, unit, value, ethereumjs }) => {
    const note = "a second of CPU time, execution alone";
    const row = { ...base, metric: name.replaceAll(" ", "_"), unit, value: Math.round(value), note };
    return ethereumjs === undefined ? row : moreIsBetter(row, "ethereumjs", Math.round(ethereumjs));
  });
}
