import type { BlockHeader } from "@koinon/ethereum/block-header";
import { bloomBytes, mergeBloom } from "@koinon/ethereum/bloom";
import { createReceipt, encodeReceipt } from "@koinon/ethereum/receipt";
import type { EncodedTransaction } from "@koinon/ethereum/transaction";
import { transactionType } from "@koinon/ethereum/transaction-decode";
import { bytesToHex } from "@koinon/secp256k1/hex";
import { orderedRoot } from "@koinon/trie/ordered-root";
import { allocateBytes } from "@koinon/trie/slab";
import type { Steps } from "@koinon/trie/steps";
import type { TransactionOutcome } from "../executed-block.ts";

const receiptsPerStep = 256;

/** What a header says about its block's receipts. */
export function* receiptFields(
  transactions: readonly EncodedTransaction[],
  outcomes: readonly TransactionOutcome[],
): Steps<Pick<BlockHeader, "receiptsRoot" | "logsBloom">> {
  const bloom = new Uint8Array(bloomBytes);
  let cumulativeGasUsed = 0n;
  const encoded: Uint8Array[] = [];
  for (const [index, { succeeded, gasUsed, logs }] of outcomes.entries()) {
    cumulativeGasUsed += gasUsed;
    const type = transactionType((transactions[index] as EncodedTransaction).raw);
    const receipt = createReceipt({ type, succeeded, cumulativeGasUsed, logs }, allocateBytes);
    if (logs.length > 0) mergeBloom(bloom, receipt.bloom);
    encoded.push(encodeReceipt(receipt, allocateBytes));
    if (encoded.length % receiptsPerStep === 0) yield;
  }
  yield;
  return { receiptsRoot: bytesToHex(orderedRoot(encoded)), logsBloom: bloom };
}

/** The root of the trie over a block's transactions. */
export function transactionsRoot(transactions: readonly EncodedTransaction[]): BlockHeader["transactionsRoot"] {
  return bytesToHex(orderedRoot(transactions.map(({ raw }) => raw)));
}
