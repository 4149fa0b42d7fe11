import { parseArgs } from "node:util";
import { InputError, type Terminal } from "../command.ts";
import { timeInWords } from "../words.ts";
import { print } from "./action.ts";
import { findChain } from "./find-chain.ts";
import { type JsonRpc, RefusedError } from "./json-rpc.ts";

/** What the command shows of a block. */
interface Place {
  readonly number: bigint;
  readonly hash: string;
  /** Seconds since the epoch. */
  readonly timestamp: bigint;
}

/** `koinon chain status`: what a chain is and how far it has come. */
export async function showStatus(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rpc: { type: "string" },
      data: { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const rpc = await findChain(values, terminal);
  const [client, chainId, peers, pool, genesis, finalized, head] = await Promise.all([
    rpc.call("web3_clientVersion"),
    rpc.quantity("eth_chainId"),
    known(rpc.quantity("net_peerCount")),
    known(rpc.object("txpool_status")),
    blockAt(rpc, "0x0"),
    finalizedBlock(rpc),
    blockAt(rpc, "latest"),
  ]);
  if (genesis === undefined || head === undefined) throw new InputError(`${rpc.url} has no blocks`);
  const mempool = pool && { pending: countOf(pool.pending), queued: countOf(pool.queued) };
  const words = [
    `chain      ${chainId}   genesis ${genesis.hash}`,
    `head       ${placeInWords(head)}`,
    `finalized  ${finalized === undefined ? "none yet" : placeInWords(finalized)}`,
    ...(mempool === undefined ? [] : [`mempool    ${mempool.pending} pending, ${mempool.queued} queued`]),
    ...(peers === undefined ? [] : [`peers      ${peers === 0n ? "none" : peers}`]),
    `client     ${String(client)}`,
    `rpc        ${rpc.url}`,
  ];
  const answer = { rpc: rpc.url, chainId, genesis: genesis.hash, head, finalized, mempool, peers, client };
  print(values.json, answer, words, terminal);
  return 0;
}

async function blockAt(rpc: JsonRpc, tag: string): Promise<Place | undefined> {
  const block = await rpc.object("eth_getBlockByNumber", tag, false);
  if (block === undefined) return undefined;
  const { number, hash, timestamp } = block;
  return { number: BigInt(String(number)), hash: String(hash), timestamp: BigInt(String(timestamp)) };
}

/** geth refuses instead of answering null when there is none yet. */
function finalizedBlock(rpc: JsonRpc): Promise<Place | undefined> {
  return known(blockAt(rpc, "finalized"));
}

/** Not every node has every method. */
async function known<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof RefusedError) return undefined;
    throw error;
  }
}

function placeInWords({ number, hash, timestamp }: Place): string {
  return `${number}   ${hash}   ${timeInWords(timestamp * 1000n)}`;
}

function countOf(quantity: unknown): number {
  return typeof quantity === "string" ? Number(quantity) : 0;
}
