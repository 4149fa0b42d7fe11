import { type Block, decodeBlock } from "@koinon/ethereum/block";
import { blockHash } from "@koinon/ethereum/block-header";
import { EthereumError } from "@koinon/ethereum/fault";
import type { Hex } from "@koinon/secp256k1/hex";
import { isValid } from "../engine/execution-engine.ts";
import type { NativeEngine } from "../engine/native-engine.ts";
import type { ChainStore } from "../store/chain-store.ts";
import { BlockFileError, type BlockPiece } from "./block-file.ts";

/** What an import did. */
export interface ImportedBlocks {
  /** Executed and added. */
  readonly imported: number;
  /** On the chain before. */
  readonly known: number;
  readonly head: { readonly number: bigint; readonly hash: Hex };
}

/**
 * Executes blocks one after the other and adds each, as final, to the chain; what is there already is skipped, and must be the
 * same. A block is executed while the one before goes to disk. Throws BlockFileError; blocks before the bad one stay.
 */
export async function importBlocks(
  pieces: AsyncIterable<BlockPiece>,
  { engine, store }: { readonly engine: NativeEngine; readonly store: ChainStore },
  signal: AbortSignal,
): Promise<ImportedBlocks> {
  let [imported, known] = [0, 0];
  let head = await engine.head();
  let durable: Promise<unknown> = Promise.resolve();
  for await (const piece of pieces) {
    signal.throwIfAborted();
    const block = readBlock(piece);
    const { number } = block.header;
    const hash = blockHash(block.header);
    if (number <= head.number) {
      if (number === head.number ? hash !== head.hash : store.hashAt(number) !== hash) {
        throw new BlockFileError({
          code: "BLOCK_FILE_ELSEWHERE",
          block: number,
          reason: "the chain has another block",
        });
      }
      known += 1;
      continue;
    }
    const status = await engine.newBlock(block, signal);
    await durable;
    if (!isValid(status)) {
      const reason = status.validationError ?? `${status.status}: its parent is not on the chain`;
      throw new BlockFileError({ code: "BLOCK_REFUSED", block: number, reason });
    }
    durable = engine.forkchoiceUpdated(
      { headBlockHash: hash, safeBlockHash: hash, finalizedBlockHash: hash },
      undefined,
    );
    // Waited for above or below; until then a failure is nobody's yet.
    durable.catch(() => undefined);
    head = { hash, number, timestamp: block.header.timestamp };
    imported += 1;
  }
  await durable;
  return { imported, known, head: { number: head.number, hash: head.hash } };
}

function readBlock({ bytes, offset }: BlockPiece): Block {
  try {
    return decodeBlock(bytes);
  } catch (cause) {
    if (!(cause instanceof EthereumError)) throw cause;
    throw new BlockFileError({ code: "BLOCK_FILE_MALFORMED", offset, reason: cause.message }, { cause });
  }
}
