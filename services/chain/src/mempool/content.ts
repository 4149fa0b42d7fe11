import { checksumAddress } from "@koinon/ethereum/checksum-address";
import type { RecoveredTransaction } from "@koinon/ethereum/transaction";
import { maxFeePerGas } from "@koinon/ethereum/transaction";
import type { Address } from "@koinon/secp256k1/address";
import type { Mempool } from "./mempool.ts";
import type { SenderView } from "./sender-queue.ts";

/** Transactions by EIP-55 address and decimal nonce: the shape of txpool_content and its kin. */
export type BySender<T> = Record<string, Record<string, T>>;

/** The pool as txpool_content shows it. */
export interface PoolContent<T> {
  readonly pending: BySender<T>;
  readonly queued: BySender<T>;
}

/** Whole senders are shown until this many transactions are; the rest is left out. */
export interface ContentLimit {
  readonly transactionsMax: number;
}

/** What txpool_content answers, with transactions in whatever form `show` gives them. */
export function poolContent<T>(
  pool: Mempool,
  { transactionsMax }: ContentLimit,
  show: (transaction: RecoveredTransaction) => T,
): PoolContent<T> {
  const content: PoolContent<T> = { pending: {}, queued: {} };
  let room = transactionsMax;
  for (const queue of pool.senders()) {
    room -= queue.size;
    if (room < 0) break;
    const address = checksumAddress(queue.address);
    const { pending, queued } = contentOf(queue, show);
    if (queue.pendingSize > 0) content.pending[address] = pending;
    if (queue.size > queue.pendingSize) content.queued[address] = queued;
  }
  return content;
}

/** What txpool_contentFrom answers. */
export function poolContentFrom<T>(
  pool: Mempool,
  address: Address,
  show: (transaction: RecoveredTransaction) => T,
): { pending: Record<string, T>; queued: Record<string, T> } {
  const queue = pool.queueOf(address);
  return queue === undefined ? { pending: {}, queued: {} } : contentOf(queue, show);
}

/** A transaction as txpool_inspect shows it, in go-ethereum's words. */
export function inspectTransaction({ transaction }: RecoveredTransaction): string {
  const recipient = transaction.to === undefined ? "contract creation" : checksumAddress(transaction.to);
  return `${recipient}: ${transaction.value} wei + ${transaction.gasLimit} gas × ${maxFeePerGas(transaction)} wei`;
}

function contentOf<T>(
  queue: SenderView,
  show: (transaction: RecoveredTransaction) => T,
): { pending: Record<string, T>; queued: Record<string, T> } {
  const byNonce = (entries: readonly RecoveredTransaction[]): Record<string, T> =>
    Object.fromEntries(entries.map((entry) => [entry.transaction.nonce.toString(), show(entry)]));
  return { pending: byNonce(queue.pendingEntries()), queued: byNonce(queue.queuedEntries()) };
}
