import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { IngestPath } from "./ingest-paths.ts";
import type { BenchNode } from "./nodes.ts";
import type { SignedTransaction } from "./signed-load.ts";

/** What a run showed. */
export interface ThroughputFigures {
  readonly transactions: number;
  /** Transactions whose receipts say success. */
  readonly successful: number;
  /** From the first one sent to the last one in a block, per second. */
  readonly successfulPerSecond: number;
  /** From being sent to being seen in a block. */
  readonly inclusionMs: { readonly p50: number; readonly p95: number; readonly p99: number };
  /** CPU seconds of the node for each second of the run. */
  readonly cores: number;
  readonly residentMb: number;
}

const pollMs = 50;
const stallMs = 30_000;

/** Sends a load to a node and follows its blocks until everything is in them. */
export async function measure(
  node: BenchNode,
  load: readonly SignedTransaction[],
  ingest: IngestPath,
): Promise<ThroughputFigures> {
  const sentAt = new Map<string, number>();
  const latencies: number[] = [];
  const hashes = new Set(load.map(({ hash }) => hash));
  const blocks: bigint[] = [];
  let next = BigInt((await call(node.http, "eth_blockNumber", [])) as string) + 1n;
  const cpuBefore = cpuSeconds(node.pid);
  const started = performance.now();
  let ended = started;
  const sending = ingest(node, load, (batch) => {
    for (const { hash } of batch) sentAt.set(hash, performance.now());
  });
  let accepted = load.length;
  let failure: unknown;
  sending.then(
    (count) => {
      accepted = count;
    },
    (error: unknown) => {
      failure = error;
    },
  );
  while (latencies.length < accepted) {
    const block = (await call(node.http, "eth_getBlockByNumber", [
      `0x${next.toString(16)}`,
      false,
    ])) as BlockJson | null;
    if (failure !== undefined) throw failure;
    if (block === null) {
      if (performance.now() - ended > stallMs) break;
      await delay(pollMs);
      continue;
    }
    const now = performance.now();
    const own = block.transactions.filter((hash) => hashes.has(hash));
    for (const hash of own) latencies.push(now - (sentAt.get(hash) ?? now));
    if (own.length > 0) {
      blocks.push(next);
      ended = now;
    }
    next++;
  }
  const seconds = (ended - started) / 1000;
  const cores = (cpuSeconds(node.pid) - cpuBefore) / seconds;
  const residentMb = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${node.pid}/status`, "utf8"))?.[1] ?? 0) / 1000;
  await sending;
  const successful = await countSuccesses(node.http, blocks, hashes);
  const sorted = latencies.toSorted((left, right) => left - right);
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  return {
    ...{ transactions: load.length, successful, successfulPerSecond: successful / seconds, cores, residentMb },
    inclusionMs: { p50: at(0.5), p95: at(0.95), p99: at(0.99) },
  };
}

interface BlockJson {
  readonly transactions: readonly string[];
}

async function countSuccesses(url: string, blocks: readonly bigint[], hashes: ReadonlySet<string>): Promise<number> {
  let successful = 0;
  for (const number of blocks) {
    const receipts = (await call(url, "eth_getBlockReceipts", [`0x${number.toString(16)}`])) as {
      status: string;
      transactionHash: string;
    }[];
    successful += receipts.filter((each) => each.status === "0x1" && hashes.has(each.transactionHash)).length;
  }
  return successful;
}

async function call(url: string, method: string, params: readonly unknown[]): Promise<unknown> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
  const { result, error } = (await response.json()) as { result?: unknown; error?: { message: string } };
  if (error !== undefined) throw new Error(`${method}: ${error.message}`);
  return result;
}

/** CPU time of a process and all its threads so far. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  // utime and stime, in ticks of 10 ms.
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
