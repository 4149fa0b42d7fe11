import type { ChainHeader, ChainReader } from "../chain-view.ts";

/** A millisecond: the way to a call thread and back, which may have others' calls to do first. */
const transactionsMax = 256;
/** Two tenths of a millisecond in the last state. In an earlier one each node takes a search of what became of it since. */
const slotsMax = 16;

/** True when all transactions of a block may be read on the thread that makes blocks. */
export function isSmallBlock({ transactionCount }: Pick<ChainHeader, "transactionCount">): boolean {
  return transactionCount <= transactionsMax;
}

/** True when so many slots after a block may be proved there. */
export function isSmallProof(slotCount: number, at: Pick<ChainHeader, "hash">, reader: ChainReader): boolean {
  return slotCount <= slotsMax && at.hash === reader.head().hash;
}
