import { isFault } from "@koinon/errors/domain-error";
import type { Address } from "@koinon/secp256k1/address";
import type { ChainReader, FoundTransaction } from "../../chain-view.ts";
import { readAddress } from "../codec/bytes.ts";
import { required } from "../codec/parameter.ts";
import { readQuantity64 } from "../codec/quantity.ts";
import { foundTransactionToJson } from "../json/block-json.ts";
import { type Methods, method } from "../method.ts";

/** What eth_getTransactionBySenderAndNonce is asked. */
export const senderNonceParameters = [required(readAddress), required(readQuantity64)] as const;

/** eth_getTransactionBySenderAndNonce, of the transactions of blocks; what waits is found where the pool is. */
export function createSenderNonceMethods(reader: ChainReader): Methods {
  return {
    eth_getTransactionBySenderAndNonce: method(senderNonceParameters, ([sender, nonce]) => {
      const found = findBySenderAndNonce(reader, sender, nonce);
      return found === undefined ? null : foundTransactionToJson(found);
    }),
  };
}

/** A sender's transaction of the blocks whose state is kept, found by how the nonce of the account grew. */
function findBySenderAndNonce(reader: ChainReader, sender: Address, nonce: bigint): FoundTransaction | undefined {
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
