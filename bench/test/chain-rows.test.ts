import { expect, test } from "@jest/globals";
import type { BenchResults } from "@koinon/testkit/chain-bench-results";
import { interpreterRows } from "../src/chain/interpreter-rows.ts";
import { stateRows } from "../src/chain/state-rows.ts";
import { throughputRows } from "../src/chain/throughput-rows.ts";

const figures = {
  ...{ transactions: 200, successful: 190, successfulPerSecond: 950, seconds: 0.2, cpuSeconds: 0.1, residentMb: 300 },
  inclusionMs: { p50: 10, p95: 20, p99: 30 },
};
const results: BenchResults = {
  runs: [
    { node: "koinon", way: "grpc", case: "transfers", accounts: 1_000, figures },
    { node: "koinon", way: "jsonrpc", case: "swap", accounts: 1_000, missing: "no answer" },
    {
      node: "geth",
      way: "jsonrpc",
      case: "transfers",
      accounts: 1_000,
      figures: { ...figures, successfulPerSecond: 95 },
    },
  ],
  nodes: [
    { node: "koinon", accounts: 1_000, startSeconds: 2, stateMb: 5, proofMs: { p50: 1, p99: 2 } },
    { node: "geth", accounts: 1_000, startSeconds: 4 },
  ],
};

test("what the chain's bench prints becomes the rows of the table", () => {
  // As it comes: through JSON, in which nothing is undefined.
  const read = JSON.parse(JSON.stringify(results)) as BenchResults;
  const throughput = throughputRows(read, 1_000);
  expect(throughput.map(({ case: name, metric }) => `${name} ${metric}`)).toEqual([
    ...["transfers successful_tps", "transfers inclusion_p50", "transfers inclusion_p95", "transfers inclusion_p99"],
    ...["transfers cpu", "transfers cpu_per_transaction", "transfers resident_memory", "swap successful_tps"],
  ]);
  expect(throughput[0]).toMatchObject({ value: 950, note: expect.stringContaining("grpc, 1000 accounts, 190 of 200") });
  expect(throughput.at(-1)).toEqual({
    ...{ bench: "chain", case: "swap", metric: "successful_tps", unit: "1/s" },
    note: "jsonrpc, 1000 accounts: no answer",
  });
  const state = stateRows(read);
  expect(state.map(({ metric, value }) => [metric, value])).toEqual([
    ["transfers", 950],
    ["start_from_genesis", 2],
    ["state_on_disk", 5],
    ["eth_getProof_p50", 1],
    ["eth_getProof_p99", 2],
  ]);
});

test("what the interpreter's bench prints becomes rows of the table", () => {
  const rows = interpreterRows([
    { name: "counter alone", unit: "Mgas/s", value: 1_299.7, ethereumjs: 12.6 },
    { name: "plain transfers", unit: "tx/s", value: 200_000 },
  ]);
  expect(rows).toMatchObject([
    { case: "interpreter", metric: "counter_alone", unit: "Mgas/s", value: 1_300, against: "ethereumjs", ratio: 100 },
    { case: "interpreter", metric: "plain_transfers", unit: "tx/s", value: 200_000 },
  ]);
});
