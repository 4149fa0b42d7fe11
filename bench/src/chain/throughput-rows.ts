import type { BenchResults, RunResult, ThroughputFigures } from "@koinon/testkit/chain-bench-results";
import { moreIsBetter, type Row } from "../report/row.ts";

/** The nodes beside ours, and what is to be known of where their figures come from. */
const peers: Readonly<Record<string, string>> = {
  anvil: "JSON-RPC, in memory, with over 100,000 accounts a block every 5 s",
  geth: "--dev, JSON-RPC",
  ethereumjs: "@ethereumjs/vm in process: decoding, recovery, runTx, root per 2,000; no network, pool, block or disk",
};

/** Throughput, time to inclusion and cost of every workload by both ways in, beside the other nodes. */
export function throughputRows({ runs }: BenchResults, accounts: number): Row[] {
  const own = runs.filter((run) => run.node === "koinon" && run.accounts === accounts);
  const others = runs.filter((run) => run.node !== "koinon");
  return own.flatMap((run) =>
    ownRows(
      run,
      others.filter((other) => other.case === run.case),
    ),
  );
}

function ownRows(run: RunResult, others: readonly RunResult[]): Row[] {
  const base = { bench: "chain", case: run.case };
  const note = `${run.way}, ${run.accounts} accounts`;
  const { figures } = run;
  if (figures === undefined) {
    return [{ ...base, metric: "successful_tps", unit: "1/s", note: `${note}: ${run.missing}` }];
  }
  const rate = { ...base, metric: "successful_tps", unit: "1/s", value: figures.successfulPerSecond };
  const sent = `${note}, ${figures.successful} of ${figures.transactions}`;
  const compared = others.map((other) => {
    const text = `${sent}; ${other.node}: ${peers[other.node]}, ${other.accounts} accounts${outcome(other)}`;
    return moreIsBetter({ ...rate, note: text }, other.node, other.figures?.successfulPerSecond);
  });
  return [...(compared.length > 0 ? compared : [{ ...rate, note: sent }]), ...costRows(base, figures, note)];
}

/** What a peer did not do. */
function outcome({ figures, missing }: RunResult): string {
  if (figures === undefined) return `, ${missing}`;
  const { successful, transactions } = figures;
  return successful < transactions ? `, ${successful} of ${transactions}` : "";
}

function costRows(base: Pick<Row, "bench" | "case">, figures: ThroughputFigures, note: string): Row[] {
  const { inclusionMs, cpuSeconds, seconds, successful, residentMb } = figures;
  const times = Object.entries(inclusionMs ?? {}).map(
    ([name, value]): Row => ({ ...base, metric: `inclusion_${name}`, unit: "ms", value, note }),
  );
  return [
    ...times,
    { ...base, metric: "cpu", unit: "s", value: cpuSeconds, note: `${note}, in ${seconds.toFixed(1)} s` },
    { ...base, metric: "cpu_per_transaction", unit: "us", value: (cpuSeconds * 1e6) / Math.max(1, successful), note },
    { ...base, metric: "resident_memory", unit: "MB", value: residentMb, note },
  ];
}
