import { setTimeout as delay } from "node:timers/promises";
import type { ThroughputFigures } from "@koinon/testkit/chain-bench-results";
import { callMethod } from "./call-node.ts";
import { Flow } from "./flow.ts";
import { inclusionsOf, type SeenBlock } from "./inclusions.ts";
import type { IngestPath } from "./ingest-paths.ts";
import { NodeConnection } from "./node-connection.ts";
import type { BenchNode } from "./nodes.ts";
import { cpuSeconds, residentMb } from "./process-cost.ts";
import type { SignedLoad } from "./signed-load.ts";

const pollMs = 50;
/** A node that puts nothing into blocks for so long has failed. */
const stallMs = 30_000;

/**
 * Sends a load to a node and follows its blocks until everything is in them; what is not after a while counts as lost.
 *
 * The generator and the node share a machine, so that what can be done before the clock starts or after it stops is: before, transactions are
 * signed and the messages encoded as they go over the wire; after, outcomes are read, which say what of the load was in which block and whether
 * it succeeded. In between the generator sends, notes when each message was sent, and asks twenty times a second for the head's number, and
 * once how many transactions a new block has. It is the same for every node.
 */
export async function measure(
  node: BenchNode,
  load: SignedLoad,
  { ingest, limitMs }: { readonly ingest: IngestPath; readonly limitMs: number },
): Promise<ThroughputFigures> {
  const messages = ingest.encode(load);
  const flow = new Flow(load.length);
  const first = Number(await callMethod(node.http, "eth_blockNumber", [])) + 1;
  const cpuBefore = cpuSeconds(node.pid);
  const started = performance.now();
  const sending = ingest.send(node, messages, flow);
  const following = { flow, expected: load.length, first, sending, endMs: started + limitMs };
  const blocks = await follow(node, following).finally(() => flow.stop());
  const cost = { cpuSeconds: cpuSeconds(node.pid) - cpuBefore, residentMb: residentMb(node.pid) };
  await sending;
  const { successful, latenciesMs, endedMs } = await inclusionsOf(node, blocks, load, flow);
  const seconds = ((endedMs ?? performance.now()) - started) / 1000;
  const at = (share: number): number => latenciesMs[Math.floor(share * (latenciesMs.length - 1))] ?? 0;
  return {
    ...{ transactions: load.length, successful, successfulPerSecond: successful / seconds, seconds, ...cost },
    inclusionMs: { p50: at(0.5), p95: at(0.95), p99: at(0.99) },
  };
}

interface Following {
  readonly flow: Flow;
  readonly expected: number;
  readonly first: number;
  readonly sending: Promise<number>;
  readonly endMs: number;
}

/** The blocks with transactions, until they hold as many as the node has taken. */
async function follow(node: BenchNode, following: Following): Promise<readonly SeenBlock[]> {
  const { flow, expected, first, sending, endMs } = following;
  const connection = new NodeConnection(node.http, 1);
  const blocks: SeenBlock[] = [];
  let accepted = expected;
  let failure: unknown;
  sending.then(
    (count) => {
      accepted = count;
    },
    (error: unknown) => {
      failure = error;
    },
  );
  let included = 0;
  let lastMs = performance.now();
  let head = first - 1;
  try {
    for (let number = first; included < accepted && performance.now() <= endMs; ) {
      if (number > head) head = await quantity(connection, "eth_blockNumber", "");
      if (failure !== undefined) throw failure;
      const seenMs = performance.now();
      if (number > head) {
        if (seenMs - lastMs > stallMs) break;
        await delay(pollMs);
        continue;
      }
      const count = await quantity(connection, "eth_getBlockTransactionCountByNumber", `"0x${number.toString(16)}"`);
      if (count > 0) {
        blocks.push({ number, seenMs });
        lastMs = seenMs;
      }
      included += count;
      flow.included(count);
      number++;
    }
  } finally {
    connection.close();
  }
  return blocks;
}

/** Calls a method that answers a number. */
async function quantity(connection: NodeConnection, method: string, params: string): Promise<number> {
  const call = `{"jsonrpc":"2.0","id":1,"method":"${method}","params":[${params}]}`;
  const { result, error } = JSON.parse((await connection.post(Buffer.from(call))).toString()) as {
    result?: string | null;
    error?: { message: string };
  };
  if (typeof result !== "string") throw new Error(`${method}: ${error?.message ?? "no answer"}`);
  return Number(result);
}
