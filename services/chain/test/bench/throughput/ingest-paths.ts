import { ChainServiceDefinition } from "@koinon/contracts/koinon/chain/v1/chain_service";
import { createClient } from "@koinon/rpc/client";
import { createGrpcChannel } from "@koinon/rpc/grpc-channel";
import { systemClock } from "@koinon/runtime/clock";
import { batchSize, type Flow } from "./flow.ts";
import { NodeConnection } from "./node-connection.ts";
import type { BenchNode } from "./nodes.ts";
import type { SignedLoad } from "./signed-load.ts";

/** A way in. */
export interface IngestPath {
  /** The messages of a load as they go over the wire, one for each batch; made before the clock starts. */
  encode(load: SignedLoad): readonly Buffer[];
  /** Sends the messages at the pace of a flow; answers how many transactions were taken. */
  send(node: BenchNode, messages: readonly Buffer[], flow: Flow): Promise<number>;
}

/** The same for all nodes: with few, a node that is busy with a block for half a second has nothing in hand meanwhile. */
const connections = 16;

const { submitTransactions } = ChainServiceDefinition.methods;

/** The client's side of the service for requests that are encoded already. */
const submission = {
  ...ChainServiceDefinition,
  methods: {
    submitTransactions: {
      ...submitTransactions,
      requestType: {
        encode: (message: Buffer) => ({ finish: () => message }),
        decode: (message: Uint8Array) => Buffer.from(message),
      },
    },
  },
} as const;

/** One gRPC stream of batches. */
export const grpcStream: IngestPath = {
  encode: (load) =>
    batchesOf(load, (raws) => Buffer.from(submitTransactions.requestType.encode({ transactions: [...raws] }).finish())),
  async send(node, messages, flow) {
    const security = { kind: "plaintext", caller: "bench", loopback: true } as const;
    const options = { address: node.grpc ?? "", security, definitions: [ChainServiceDefinition] };
    const channel = createGrpcChannel(options, { clock: systemClock });
    const client = createClient(submission, channel, {}, { clock: systemClock });
    async function* requests() {
      for (let batch = await flow.next(); batch !== undefined; batch = await flow.next())
        yield messages[batch] as Buffer;
    }
    try {
      const { accepted, refusals } = await client.submitTransactions(requests(), { timeoutMs: 600_000 });
      if (accepted === 0n) throw new Error(`refused: ${refusals[0]?.message}`);
      return Number(accepted);
    } finally {
      channel.close();
    }
  },
};

/** Batches of eth_sendRawTransaction over several connections. */
export const jsonRpcBatches: IngestPath = {
  encode: (load) => batchesOf(load, (raws) => Buffer.from(`[${raws.map(callText).join(",")}]`)),
  async send(node, messages, flow) {
    const connection = new NodeConnection(node.http, connections);
    let accepted = 0;
    let refusal: string | undefined;
    const worker = async (): Promise<void> => {
      for (let batch = await flow.next(); batch !== undefined; batch = await flow.next()) {
        const refused = refusalsIn(await connection.post(messages[batch] as Buffer), flow.size(batch));
        accepted += flow.size(batch) - refused.length;
        refusal = refused[0] ?? refusal;
      }
    };
    try {
      await Promise.all(Array.from({ length: connections }, worker));
    } finally {
      connection.close();
    }
    if (accepted === 0) throw new Error(`refused: ${refusal}`);
    return accepted;
  },
};

function batchesOf(load: SignedLoad, encode: (raws: readonly Uint8Array[]) => Buffer): readonly Buffer[] {
  return Array.from({ length: Math.ceil(load.length / batchSize) }, (_, batch) => {
    const batchLoad = load.slice(batch * batchSize, Math.min((batch + 1) * batchSize, load.length));
    return encode(Array.from({ length: batchLoad.length }, (_element, index) => batchLoad.raw(index)));
  });
}

function callText(raw: Uint8Array, id: number): string {
  const params = `["0x${Buffer.from(raw).toString("hex")}"]`;
  return `{"jsonrpc":"2.0","id":${id},"method":"eth_sendRawTransaction","params":${params}}`;
}

interface Answer {
  readonly error?: { readonly message: string };
}

/** Why transactions of a batch were not taken, one message each. An answer without the word, which no hash can hold, is not decoded. */
function refusalsIn(answer: Buffer, size: number): readonly string[] {
  if (!answer.includes('"error"')) return [];
  const answers = JSON.parse(answer.toString()) as readonly Answer[] | Answer;
  if (!Array.isArray(answers)) return new Array<string>(size).fill((answers as Answer).error?.message ?? "");
  return (answers as readonly Answer[]).flatMap(({ error }) => (error === undefined ? [] : [error.message]));
}
