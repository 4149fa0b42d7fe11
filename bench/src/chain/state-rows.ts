import type { BenchResults, NodeResult } from "@koinon/testkit/chain-bench-results";
import { lessIsBetter, type Row } from "../report/row.ts";

/** How throughput, proofs, the state's size and the start grow with the number of accounts, beside geth's at the same size. */
export function stateRows({ runs, nodes }: BenchResults): Row[] {
  const own = nodes.filter(({ node }) => node === "koinon").toSorted((a, b) => a.accounts - b.accounts);
  return own.flatMap((figures): Row[] => {
    const { accounts, startSeconds, stateMb, proofMs } = figures;
    const base = { bench: "chain", case: `state of ${accounts}` };
    const geth = nodes.find((other) => other.node === "geth" && other.accounts === accounts);
    const run = runs.find(
      (each) =>
        each.node === "koinon" && each.case === "transfers" && each.accounts === accounts && each.way === "grpc",
    );
    const rate = run?.figures?.successfulPerSecond;
    return [
      ...(rate === undefined ? [] : [{ ...base, metric: "transfers", unit: "1/s", value: rate }]),
      against({ ...base, metric: "start_from_genesis", unit: "s", value: startSeconds }, geth?.startSeconds),
      ...(stateMb === undefined
        ? []
        : [against({ ...base, metric: "state_on_disk", unit: "MB", value: stateMb }, geth?.stateMb)]),
      ...proofRows(base, proofMs, geth?.proofMs),
    ];
  });
}

function proofRows(base: Pick<Row, "bench" | "case">, own: NodeResult["proofMs"], geth: NodeResult["proofMs"]): Row[] {
  if (own === undefined) return [];
  const note = "one call after the other over HTTP, cold accounts";
  return [
    against({ ...base, metric: "eth_getProof_p50", unit: "ms", value: own.p50, note }, geth?.p50),
    against({ ...base, metric: "eth_getProof_p99", unit: "ms", value: own.p99, note }, geth?.p99),
  ];
}

function against(row: Row & { value: number }, peer: number | undefined): Row {
  return peer === undefined ? row : lessIsBetter(row, "geth", peer);
}
