import { setTimeout as delay } from "node:timers/promises";
import type { ThroughputFigures } from "@koinon/testkit/chain-bench-results";
import { callMethod, callNode } from "./call-node.ts";
import { Flow } from "./flow.ts";
import type { IngestPath } from "./ingest-paths.ts";
import type { BenchNode } from "./nodes.ts";
import { cpuSeconds, residentMb } from "./process-cost.ts";
import type { SignedTransaction } from "./workloads.ts";

const pollMs = 50;
/** A node that puts nothing into blocks for so long has failed. */
const stallMs = 30_000;

/** Sends a load to a node and follows its blocks until everything is in them; what is not after a while counts as lost. */
export async function measure(
  node: BenchNode,
  load: readonly SignedTransaction[],
  { ingest, limitMs }: { readonly ingest: IngestPath; readonly limitMs: number },
): Promise<ThroughputFigures> {
  const flow = new Flow(load);
  const hashes = new Set(load.map(({ hash }) => hash));
  const first = BigInt((await callMethod(node.http, "eth_blockNumber", [])) as string) + 1n;
  const cpuBefore = cpuSeconds(node.pid);
  const started = performance.now();
  const sending = ingest(node, flow.batches());
  const followed = await follow(node, { flow, hashes, first, sending, endMs: started + limitMs }).finally(() =>
    flow.stop(),
  );
  const seconds = (followed.endedMs - started) / 1000;
  const cost = { cpuSeconds: cpuSeconds(node.pid) - cpuBefore, residentMb: residentMb(node.pid) };
  await sending;
  const successful = await countSuccesses(node.http, followed.blocks, hashes);
  const sorted = followed.latencies.toSorted((left, right) => left - right);
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  return {
    ...{ transactions: load.length, successful, successfulPerSecond: successful / seconds, seconds, ...cost },
    inclusionMs: { p50: at(0.5), p95: at(0.95), p99: at(0.99) },
  };
}

interface Followed {
  readonly blocks: readonly bigint[];
  readonly latencies: readonly number[];
  /** When the last transaction of the load was seen in a block. */
  readonly endedMs: number;
}

interface Following {
  readonly flow: Flow;
  readonly hashes: ReadonlySet<string>;
  readonly first: bigint;
  readonly sending: Promise<number>;
  readonly endMs: number;
}

async function follow(node: BenchNode, { flow, hashes, first, sending, endMs }: Following): Promise<Followed> {
  const latencies: number[] = [];
  const blocks: bigint[] = [];
  let endedMs = performance.now();
  let accepted = hashes.size;
  let failure: unknown;
  sending.then(
    (count) => {
      accepted = count;
    },
    (error: unknown) => {
      failure = error;
    },
  );
  for (let number = first; latencies.length < accepted; ) {
    const block = await blockAt(node.http, number);
    if (failure !== undefined) throw failure;
    const now = performance.now();
    if (block === null) {
      if (now - endedMs > stallMs || now > endMs) break;
      await delay(pollMs);
      continue;
    }
    const own = block.transactions.filter((hash) => hashes.has(hash));
    for (const hash of own) latencies.push(now - (flow.sentAt.get(hash) ?? now));
    flow.included(own.length);
    if (own.length > 0) {
      blocks.push(number);
      endedMs = now;
    }
    if (now > endMs) break;
    number++;
  }
  return { blocks, latencies, endedMs };
}

async function blockAt(url: string, number: bigint): Promise<{ readonly transactions: readonly string[] } | null> {
  const block = await callMethod(url, "eth_getBlockByNumber", [`0x${number.toString(16)}`, false]);
  return block as { readonly transactions: readonly string[] } | null;
}

interface ReceiptJson {
  readonly status: string;
  readonly transactionHash: string;
}

const receiptsPerCall = 200;

async function countSuccesses(url: string, blocks: readonly bigint[], hashes: ReadonlySet<string>): Promise<number> {
  let successful = 0;
  for (const number of blocks) {
    for (const { status, transactionHash } of await receiptsOf(url, number)) {
      if (status === "0x1" && hashes.has(transactionHash)) successful++;
    }
  }
  return successful;
}

/** All receipts of a block; one by one where they are too much for one answer. */
async function receiptsOf(url: string, number: bigint): Promise<readonly ReceiptJson[]> {
  const name = `0x${number.toString(16)}`;
  try {
    return (await callMethod(url, "eth_getBlockReceipts", [name])) as ReceiptJson[];
  } catch {
    const transactions = (await blockAt(url, number))?.transactions ?? [];
    const receipts: ReceiptJson[] = [];
    for (let start = 0; start < transactions.length; start += receiptsPerCall) {
      const hashes = transactions.slice(start, start + receiptsPerCall);
      const calls = hashes.map((hash, id) => ({
        ...{ jsonrpc: "2.0", id, method: "eth_getTransactionReceipt", params: [hash] },
      }));
      for (const { result } of (await callNode(url, calls)) as { result?: ReceiptJson }[]) {
        if (result !== undefined) receipts.push(result);
      }
    }
    return receipts;
  }
}
