import { lockFolder } from "@koinon/machine/folder-lock";
import type { Hex } from "@koinon/secp256k1/hex";
import { chainOptionsOf, readGenesis } from "../chain-settings.ts";
import type { ChainModuleConfig } from "../config.ts";
import { openChainStore } from "./open-chain-store.ts";
import { markKeys } from "./tables.ts";

/**
 * The number of a finalized block in a data folder that no process uses; undefined when the chain has no such block, or has not
 * finalized it. Throws what `openChain` throws, and the file system's errors.
 */
export async function findStoredBlock(config: ChainModuleConfig, hash: Hex): Promise<bigint | undefined> {
  const genesis = await readGenesis(config.genesisFile);
  const lock = await lockFolder(config.dataFolder);
  try {
    const store = await openChainStore(chainOptionsOf(config, genesis).store, genesis);
    try {
      const [number, finalized] = [store.numberOf(hash), store.mark(markKeys.finalized)];
      return number !== undefined && finalized !== undefined && number <= finalized ? number : undefined;
    } finally {
      await store.state.close();
    }
  } finally {
    await lock.release();
  }
}
