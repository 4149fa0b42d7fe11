import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { moreIsBetter, type Row } from "../report/row.ts";

const interpreterBench = fileURLToPath(new URL("../../../packages/evm/test/bench/evm-bench.ts", import.meta.url));
const timeoutMs = 180_000;
/** A name, a figure, its unit and, where it was measured, that of ethereumjs in parentheses. */
const line = /^(?<name>\S.*?)\s+(?<own>\d+) (?<unit>Mgas\/s|tx\/s)(?:.*ethereumjs \((?<theirs>\d+)\))?/;

/** Gas and transactions a second of CPU time of the interpreter alone. */
export async function interpreterRows(): Promise<Row[]> {
  const base = { bench: "chain", case: "interpreter" };
  try {
    const { stdout } = await promisify(execFile)(process.execPath, ["--no-warnings", interpreterBench], {
      timeout: timeoutMs,
    });
    return stdout.split("\n").flatMap((text): Row[] => {
      const { name, own, unit, theirs } = line.exec(text)?.groups ?? {};
      if (name === undefined || unit === undefined) return [];
      const note = "a second of CPU time, execution alone";
      const row = { ...base, metric: name.replaceAll(" ", "_"), unit, value: Number(own), note };
      return [theirs === undefined ? row : moreIsBetter(row, "ethereumjs", Number(theirs))];
    });
  } catch (error) {
    return [{ ...base, metric: "Mgas", unit: "Mgas/s", note: `did not get through: ${String(error).split("\n")[0]}` }];
  }
}
