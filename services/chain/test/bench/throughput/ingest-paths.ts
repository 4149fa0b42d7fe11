import { ChainServiceDefinition } from "@koinon/contracts/koinon/chain/v1/chain_service";
import { createClient } from "@koinon/rpc/client";
import { createGrpcChannel } from "@koinon/rpc/grpc-channel";
import { systemClock } from "@koinon/runtime/clock";
import type { BenchNode } from "./nodes.ts";
import type { SignedTransaction } from "./signed-load.ts";

/** A way in; notes each transaction when it is sent, and answers how many were taken. */
export type IngestPath = (
  node: BenchNode,
  load: readonly SignedTransaction[],
  sent: (transactions: readonly SignedTransaction[]) => void,
) => Promise<number>;

const batchSize = 250;
const connections = 4;

function* batchesOf(load: readonly SignedTransaction[]): Generator<readonly SignedTransaction[]> {
  for (let start = 0; start < load.length; start += batchSize) yield load.slice(start, start + batchSize);
}

/** One gRPC stream of batches, at the pace at which the node takes them. */
export const grpcStream: IngestPath = async (node, load, sent) => {
  const security = { kind: "plaintext", caller: "bench", loopback: true } as const;
  const definitions = [ChainServiceDefinition];
  const channel = createGrpcChannel({ address: node.grpc ?? "", security, definitions }, { clock: systemClock });
  const client = createClient(ChainServiceDefinition, channel, {}, { clock: systemClock });
  async function* batches() {
    for (const batch of batchesOf(load)) {
      sent(batch);
      yield { transactions: batch.map(({ raw }) => raw) };
    }
  }
  const { accepted, refusals } = await client.submitTransactions(batches(), { timeoutMs: 600_000 });
  channel.close();
  if (refusals.length > 0) process.stderr.write(`refused: ${refusals[0]?.code} ${refusals[0]?.message}\n`);
  return Number(accepted);
};

/** Batches of eth_sendRawTransaction over a few connections. */
export const jsonRpcBatches: IngestPath = async (node, load, sent) => {
  const queue = batchesOf(load);
  let accepted = 0;
  const worker = async (): Promise<void> => {
    for (const batch of queue) {
      sent(batch);
      const taken = await sendBatch(node.http, batch);
      accepted += taken;
    }
  };
  await Promise.all(Array.from({ length: connections }, worker));
  return accepted;
};

async function sendBatch(url: string, batch: readonly SignedTransaction[]): Promise<number> {
  const body = JSON.stringify(
    batch.map(({ raw }, id) => ({
      jsonrpc: "2.0",
      id,
      method: "eth_sendRawTransaction",
      params: [`0x${Buffer.from(raw).toString("hex")}`],
    })),
  );
  const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
  const answers = (await response.json()) as { error?: { message: string } }[];
  const failed = answers.find(({ error }) => error !== undefined)?.error;
  if (failed !== undefined) process.stderr.write(`refused: ${failed.message}\n`);
  return answers.filter(({ error }) => error === undefined).length;
}
