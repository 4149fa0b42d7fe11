import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { BenchResults } from "@koinon/testkit/chain-bench-results";
import type { Row } from "../report/row.ts";
import { benchInterpreter } from "./interpreter-rows.ts";
import { stateRows } from "./state-rows.ts";
import { throughputRows } from "./throughput-rows.ts";

/** How much of the bench is done. */
export interface ChainBenchOptions {
  readonly accounts: number;
  /** Workloads and `interpreter`; all when left out. */
  readonly cases: readonly string[] | undefined;
}

const program = fileURLToPath(new URL("../../../services/chain/test/bench/throughput.ts", import.meta.url));
/** The program bounds itself to less. */
const timeoutMs = 1_800_000;
const workloads = ["transfers", "erc20", "swap"];

/**
 * Whole-run successful transactions a second of a shard, by both ways in, beside other nodes on the same machine and loads; the
 * cost of its state; and its interpreter alone. What a node does not get through becomes a row that says so.
 */
export async function benchChain({
  accounts,
  cases = [...workloads, "interpreter"],
}: ChainBenchOptions): Promise<Row[]> {
  const chosen = cases.filter((name) => workloads.includes(name));
  const rows = cases.includes("interpreter") ? await benchInterpreter() : [];
  if (chosen.length === 0) return rows;
  const args = chosen.flatMap((name) => ["--case", name]);
  const output = await run(["--no-warnings", program, "--accounts", String(accounts), ...args]);
  if (output instanceof Error) {
    const base = { bench: "chain", metric: "successful_tps", unit: "1/s", note: output.message };
    return [...chosen.map((name) => ({ ...base, case: name })), ...rows];
  }
  const results = JSON.parse(output) as BenchResults;
  return [...throughputRows(results, accounts), ...stateRows(results), ...rows];
}

/** What the program prints; what it is doing goes to stderr, as it happens. */
async function run(args: readonly string[]): Promise<string | Error> {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const tooLong = setTimeout(() => child.kill(), timeoutMs);
  const pieces: Buffer[] = [];
  child.stdout.on("data", (piece: Buffer) => pieces.push(piece));
  const [code] = (await once(child, "close")) as [number | null];
  clearTimeout(tooLong);
  if (code !== 0) return new Error(`the bench ended with ${code ?? "a signal"}`);
  return Buffer.concat(pieces).toString();
}
