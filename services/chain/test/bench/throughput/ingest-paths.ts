import { ChainServiceDefinition } from "@koinon/contracts/koinon/chain/v1/chain_service";
import { createClient } from "@koinon/rpc/client";
import { createGrpcChannel } from "@koinon/rpc/grpc-channel";
import { systemClock } from "@koinon/runtime/clock";
import { callNode } from "./call-node.ts";
import type { BenchNode } from "./nodes.ts";
import type { SignedTransaction } from "./workloads.ts";

/** The batches of a load at the pace at which they may be sent. */
export type PacedBatches = AsyncIterator<readonly SignedTransaction[]>;

/** A way in; answers how many transactions were taken. */
export type IngestPath = (node: BenchNode, batches: PacedBatches) => Promise<number>;

/** The same for all nodes: with few, a node that is busy with a block for half a second has nothing in hand meanwhile. */
const connections = 16;

/** One gRPC stream of batches. */
export const grpcStream: IngestPath = async (node, paced) => {
  const security = { kind: "plaintext", caller: "bench", loopback: true } as const;
  const definitions = [ChainServiceDefinition];
  const channel = createGrpcChannel({ address: node.grpc ?? "", security, definitions }, { clock: systemClock });
  const client = createClient(ChainServiceDefinition, channel, {}, { clock: systemClock });
  async function* requests() {
    for (let next = await paced.next(); next.done !== true; next = await paced.next()) {
      yield { transactions: next.value.map(({ raw }) => raw) };
    }
  }
  try {
    const { accepted, refusals } = await client.submitTransactions(requests(), { timeoutMs: 600_000 });
    if (accepted === 0n) throw new Error(`refused: ${refusals[0]?.message}`);
    return Number(accepted);
  } finally {
    channel.close();
  }
};

/** Batches of eth_sendRawTransaction over several connections. */
export const jsonRpcBatches: IngestPath = async (node, paced) => {
  let accepted = 0;
  let refusal: string | undefined;
  const worker = async (): Promise<void> => {
    for (let next = await paced.next(); next.done !== true; next = await paced.next()) {
      for (const { error } of await sendBatch(node.http, next.value)) {
        if (error === undefined) accepted++;
        else refusal = error.message;
      }
    }
  };
  await Promise.all(Array.from({ length: connections }, worker));
  if (accepted === 0) throw new Error(`refused: ${refusal}`);
  return accepted;
};

interface Answer {
  readonly error?: { readonly message: string };
}

async function sendBatch(url: string, batch: readonly SignedTransaction[]): Promise<readonly Answer[]> {
  const calls = batch.map(({ raw }, id) => {
    const params = [`0x${Buffer.from(raw).toString("hex")}`];
    return { jsonrpc: "2.0", id, method: "eth_sendRawTransaction", params };
  });
  return (await callNode(url, calls)) as Answer[];
}
