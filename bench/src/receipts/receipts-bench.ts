import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { AppendFigures, Percentiles } from "@koinon/testkit/append-bench-figures";
import { lessIsBetter, moreIsBetter, type Row } from "../report/row.ts";

const appendBench = fileURLToPath(new URL("../../../services/poi/test/bench/append.ts", import.meta.url));

/**
 * Receipts a second that become durable entries of the log, and how long an inclusion proof takes, beside the same entries in a plain
 * table of the same PostgreSQL: what verifying, hashing and proving cost.
 */
export async function benchReceipts(receipts = 30_000): Promise<Row[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [appendBench, String(receipts), "--json"], {
    timeout: 300_000,
  });
  const figures = JSON.parse(stdout) as AppendFigures;
  const append = { bench: "receipts", case: `${figures.receipts} receipts, ${figures.inFlight} in flight` };
  const prove = { bench: "receipts", case: "inclusion with predecessor, one at a time" };
  const rate = { ...append, metric: "appended", unit: "1/s", value: figures.perSecond };
  return [
    moreIsBetter(
      { ...rate, note: "synced to disk; the plain table verifies and hashes nothing" },
      "plain insert",
      figures.plainPerSecond,
    ),
    ...latencies(append, "append_latency", figures.appendMs),
    ...latencies(prove, "proof_latency", figures.proofMs).map((row, at) =>
      lessIsBetter(row, "row by key", at === 0 ? figures.plainReadMs.p50 : figures.plainReadMs.p99),
    ),
  ];
}

function latencies(row: { bench: string; case: string }, metric: string, { p50, p99 }: Percentiles) {
  return [
    { ...row, metric: `${metric}_p50`, unit: "ms", value: p50 },
    { ...row, metric: `${metric}_p99`, unit: "ms", value: p99 },
  ];
}
