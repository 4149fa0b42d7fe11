import { EthereumError } from "@koinon/ethereum/fault";
import type { EncodedTransaction } from "@koinon/ethereum/transaction";
import { decodeTransaction } from "@koinon/ethereum/transaction-decode";
import { recoverSender, transactionHash } from "@koinon/ethereum/transaction-signing";
import { InvalidBlockError } from "../errors.ts";
import { isRefused } from "../ingest/recovered.ts";
import type { RecoveryPool } from "../ingest/recovery-pool.ts";
import type { Mempool } from "../mempool/mempool.ts";

/** Transactions handed to the pool's worker threads at once. */
const batchMax = 512;

/**
 * The transactions of somebody else's block with their senders: those of the mempool are known, the rest is recovered on worker
 * threads. Throws InvalidBlockError for the first that is no signed transaction.
 */
export async function recoverBlock(
  raws: readonly Uint8Array[],
  { mempool, recovery }: { readonly mempool: Mempool; readonly recovery: RecoveryPool },
  signal: AbortSignal,
): Promise<EncodedTransaction[]> {
  const found = raws.map((raw) => mempool.get(transactionHash(raw)));
  const unknown = raws.filter((_, index) => found[index] === undefined);
  const recovered: EncodedTransaction[] = [];
  for (let start = 0; start < unknown.length; start += batchMax) {
    const batch = unknown.slice(start, start + batchMax);
    for (const [index, outcome] of (await recovery.recover(batch, signal)).entries()) {
      // What the pool does not want to look at (blobs, long transactions) may still be valid in a block.
      recovered.push(isRefused(outcome) ? recoverHere(batch[index] as Uint8Array, start + index) : outcome);
    }
  }
  let next = 0;
  return found.map((known) => known ?? (recovered[next++] as EncodedTransaction));
}

function recoverHere(raw: Uint8Array, index: number): EncodedTransaction {
  try {
    const transaction = decodeTransaction(raw);
    return { transaction, raw, hash: transactionHash(raw), sender: recoverSender(transaction, raw) };
  } catch (error) {
    if (!(error instanceof EthereumError)) throw error;
    throw new InvalidBlockError({ code: "TRANSACTION_INVALID", index, reason: error.message }, { cause: error });
  }
}
