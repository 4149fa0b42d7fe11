import { readFile } from "node:fs/promises";
import { findStoredBlock } from "@koinon/chain/stored-block";
import { parseGenesis } from "@koinon/ethereum/genesis";
import type { Hex } from "@koinon/secp256k1/hex";
import { findChain } from "../chain/find-chain.ts";
import type { JsonRpc } from "../chain/json-rpc.ts";
import { developmentPlace, serviceSettings } from "../chain/service-settings.ts";
import { InputError, type Terminal } from "../command.ts";
import { reasonOf } from "../connection/files.ts";

/** What the chain of a data folder says of a block. */
export interface BlockFinding {
  /** Undefined when the chain has no such block, or has not finalized it. */
  readonly number: bigint | undefined;
  /** Who said so: the address of the running chain, or the folder of its database. */
  readonly source: string;
}

/**
 * Looks for a finalized block in the chain of a data folder: asks the chain when it runs, else reads its database. Throws
 * InputError when neither can be done.
 */
export async function findBlock(folder: string, hash: Hex, terminal: Terminal): Promise<BlockFinding> {
  const place = developmentPlace(folder);
  const rpc = await runningChain(folder, place.CHAIN_GENESIS, terminal);
  if (rpc !== undefined) return { number: await numberOf(hash, rpc), source: rpc.url };
  try {
    const number = await findStoredBlock(serviceSettings(terminal, place), hash);
    return { number, source: place.CHAIN_DATA };
  } catch (cause) {
    throw new InputError(`can not read the chain in ${place.CHAIN_DATA}: ${reasonOf(cause)}`, { cause });
  }
}

/** The folder's chain when it answers: what answers at an old address may be another folder's. */
async function runningChain(folder: string, genesisFile: string, terminal: Terminal): Promise<JsonRpc | undefined> {
  const { mixHash } = await readFile(genesisFile, "utf8").then(
    (text) => ({ mixHash: parseGenesis(text).header.prevRandao }),
    (cause: unknown) => {
      throw new InputError(`can not read ${genesisFile}: ${reasonOf(cause)}`, { cause });
    },
  );
  try {
    const rpc = await findChain({ data: folder }, terminal);
    const first = await rpc.object("eth_getBlockByNumber", "0x0", false);
    return first?.mixHash === mixHash ? rpc : undefined;
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

async function numberOf(hash: Hex, rpc: JsonRpc): Promise<bigint | undefined> {
  const block = await rpc.object("eth_getBlockByHash", hash, false);
  if (block === undefined) return undefined;
  const number = String(block.number);
  const [standing, finalized] = [
    await rpc.object("eth_getBlockByNumber", number, false),
    await rpc.object("eth_getBlockByNumber", "finalized", false),
  ];
  const isFinal = finalized !== undefined && BigInt(number) <= BigInt(String(finalized.number));
  return standing?.hash === hash && isFinal ? BigInt(number) : undefined;
}
