import { createReadStream } from "node:fs";
import type { SystemClock } from "@koinon/runtime/clock";
import type { Random } from "@koinon/runtime/random";
import { openChain } from "../chain.ts";
import { chainOptionsOf, readGenesis } from "../chain-settings.ts";
import type { ChainModuleConfig } from "../config.ts";
import { blockPieces } from "./block-file.ts";
import { type ImportedBlocks, importBlocks } from "./import-blocks.ts";

const chunkBytes = 2 ** 20;

/**
 * Executes the blocks of a file into the chain of a data folder that no process uses, or begins it there. Throws BlockFileError,
 * what `openChain` throws, and the file system's errors; blocks before a bad one stay.
 */
export async function importFile(
  file: string,
  config: ChainModuleConfig,
  { clock, random, signal }: { readonly clock: SystemClock; readonly random: Random; readonly signal: AbortSignal },
): Promise<ImportedBlocks> {
  const genesis = await readGenesis(config.genesisFile);
  const chain = await openChain(chainOptionsOf(config, genesis), {
    clock,
    random,
    workerLost: () => undefined,
    callThreadLost: () => undefined,
  });
  try {
    return await importBlocks(blockPieces(createReadStream(file, { highWaterMark: chunkBytes })), chain, signal);
  } finally {
    await chain.close();
  }
}
