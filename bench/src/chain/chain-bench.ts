import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { moreIsBetter, type Row } from "../report/row.ts";

interface Figures {
  readonly transactions: number;
  readonly successful: number;
  readonly successfulPerSecond: number;
  readonly inclusionMs: { readonly p50: number; readonly p95: number; readonly p99: number };
  readonly cores: number;
  readonly residentMb: number;
}

interface TransferFigures {
  readonly accounts: number;
  readonly transactions: number;
  readonly figures: Readonly<Record<string, Figures | { readonly missing: string }>>;
}

const transferBench = fileURLToPath(new URL("../../../services/chain/test/bench/transfers.ts", import.meta.url));
const timeoutMs = 3_600_000;

/** Nodes beside ours, by the name that rows give them; all of them are sent to by JSON-RPC. */
const peers = { anvil: "anvil-jsonrpc", geth: "geth-jsonrpc" } as const;

/** Whole-run successful transactions a second of a shard, by both ways in, beside other nodes on the same machine and load. */
export async function benchChain(): Promise<Row[]> {
  const { stdout } = await promisify(execFile)(process.execPath, ["--no-warnings", transferBench], {
    timeout: timeoutMs,
  });
  const { accounts, transactions, figures } = JSON.parse(stdout) as TransferFigures;
  const found = (run: string): Figures | undefined => {
    const each = figures[run];
    return each === undefined || "missing" in each ? undefined : each;
  };
  const missing = (run: string): string | undefined => {
    const each = figures[run];
    return each !== undefined && "missing" in each ? each.missing : undefined;
  };
  const rows: Row[] = [];
  for (const run of ["koinon-grpc", "koinon-jsonrpc"]) {
    const own = found(run);
    if (own === undefined) continue;
    const base = { bench: "chain", case: "transfers" };
    const note = `${run}, ${transactions} transfers, ${accounts} accounts`;
    const rate = { ...base, metric: "successful_tps", unit: "1/s", value: own.successfulPerSecond, note };
    for (const [name, peer] of Object.entries(peers)) {
      const reason = missing(peer);
      const noted = reason === undefined ? rate : { ...rate, note: `${note}; ${name}: ${reason}` };
      rows.push(moreIsBetter(noted, name, found(peer)?.successfulPerSecond));
    }
    for (const [name, value] of Object.entries(own.inclusionMs)) {
      rows.push({ ...base, metric: `inclusion_${name}`, unit: "ms", value, note });
    }
    rows.push({ ...base, metric: "cpu", unit: "cores", value: own.cores, note });
    rows.push({ ...base, metric: "resident_memory", unit: "MB", value: own.residentMb, note });
  }
  return rows;
}
