import type { BlockHeader } from "@koinon/ethereum/block-header";
import { bloomBytes, mergeBloom } from "@koinon/ethereum/bloom";
import { createReceipt, encodeReceipt } from "@koinon/ethereum/receipt";
import type { RecoveredTransaction } from "@koinon/ethereum/transaction";
import { bytesToHex } from "@koinon/secp256k1/hex";
import { orderedRoot } from "@koinon/trie/ordered-root";
import { allocateBytes } from "@koinon/trie/slab";
import type { TransactionOutcome } from "../executed-block.ts";

/** What a header says about its block's receipts. */
export function receiptFields(
  transactions: readonly RecoveredTransaction[],
  outcomes: readonly TransactionOutcome[],
): Pick<BlockHeader, "receiptsRoot" | "logsBloom"> {
  const bloom = new Uint8Array(bloomBytes);
  let cumulativeGasUsed = 0n;
  const encoded = outcomes.map(({ succeeded, gasUsed, logs }, index) => {
    cumulativeGasUsed += gasUsed;
    const { type } = (transactions[index] as RecoveredTransaction).transaction;
    const receipt = createReceipt({ type, succeeded, cumulativeGasUsed, logs }, allocateBytes);
    if (logs.length > 0) mergeBloom(bloom, receipt.bloom);
    return encodeReceipt(receipt, allocateBytes);
  });
  return { receiptsRoot: bytesToHex(orderedRoot(encoded)), logsBloom: bloom };
}

/** The root of the trie over a block's transactions. */
export function transactionsRoot(transactions: readonly RecoveredTransaction[]): BlockHeader["transactionsRoot"] {
  return bytesToHex(orderedRoot(transactions.map(({ raw }) => raw)));
}
