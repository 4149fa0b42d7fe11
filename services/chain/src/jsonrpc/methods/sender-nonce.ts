import { isFault } from "@koinon/errors/domain-error";
import type { Address } from "@koinon/secp256k1/address";
import type { ChainReader, ChainView, FoundTransaction } from "../../chain-view.ts";

/**
 * A sender's transaction by its nonce: one that waits, or one of the blocks whose state is kept, found by how the nonce of the
 * account grew. Undefined when there is none.
 */
export function findBySenderAndNonce(view: ChainView, sender: Address, nonce: bigint): FoundTransaction | undefined {
  const { reader, mempool } = view;
  const waiting = mempool.queueOf(sender)?.get(nonce);
  if (waiting !== undefined) return { transaction: waiting, place: undefined };
  let last = reader.head().header.number;
  if ((nonceAfter(reader, sender, last) ?? 0n) <= nonce) return undefined;
  let before = -1n;
  // After `before` the nonce was not used or nobody knows any more, after `last` it was.
  while (last - before > 1n) {
    const middle = (before + last) / 2n;
    const reached = nonceAfter(reader, sender, middle);
    if (reached !== undefined && reached > nonce) last = middle;
    else before = middle;
  }
  const block = reader.block(last);
  const index =
    block?.transactions.findIndex((each) => each.sender === sender && each.transaction.nonce === nonce) ?? -1;
  return index < 0 ? undefined : reader.transactionAt(last, index);
}

/** The account's nonce after a block; undefined when the state is too old to be known. */
function nonceAfter(reader: ChainReader, sender: Address, block: bigint): bigint | undefined {
  try {
    return reader.stateAt(block).account(sender)?.nonce ?? 0n;
  } catch (error) {
    if (isFault(error, "HISTORY_PRUNED") || isFault(error, "BLOCK_UNKNOWN")) return undefined;
    throw error;
  }
}
