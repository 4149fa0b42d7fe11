import { setImmediate as nextTurn } from "node:timers/promises";
import { checksumAddress } from "@koinon/ethereum/checksum-address";
import type { RecoveredTransaction } from "@koinon/ethereum/transaction";
import { recoveredTransaction } from "@koinon/ethereum/transaction-decode";
import type { PooledTransaction } from "../../mempool/pooled-transaction.ts";
import type { SenderView } from "../../mempool/sender-queue.ts";
import { JsonRpcError } from "../json-rpc-error.ts";
import type { JsonRpcLimits } from "../limits.ts";
import { JsonText } from "../message.ts";

/** A transaction in whatever form is wanted. */
export type ShowTransaction = (transaction: RecoveredTransaction) => unknown;

/** Between two turns: a millisecond or two of the thread that makes blocks. */
const charactersPerTurn = 256 * 1_024;

/** Writes JSON transaction by transaction, giving the thread back between them; throws `RESPONSE_TOO_LARGE` as soon as it is. */
class PoolWriter {
  readonly #show: ShowTransaction;
  readonly #lengthMax: number;
  readonly #signal: AbortSignal;
  #length = 0;
  #turnEnd = charactersPerTurn;

  constructor(show: ShowTransaction, { responseLengthMax }: PoolBounds, signal: AbortSignal) {
    this.#show = show;
    this.#lengthMax = responseLengthMax;
    this.#signal = signal;
  }

  /** Transactions by decimal nonce. */
  async byNonce(transactions: readonly PooledTransaction[]): Promise<string> {
    const members: string[] = [];
    for (const transaction of transactions) {
      const member = `"${transaction.nonce}":${JSON.stringify(this.#show(recoveredTransaction(transaction)))}`;
      members.push(member);
      await this.#count(member.length);
    }
    return `{${members.join()}}`;
  }

  async #count(length: number): Promise<void> {
    this.#length += length;
    if (this.#length > this.#lengthMax) {
      throw new JsonRpcError({ code: "RESPONSE_TOO_LARGE", message: "response too large" });
    }
    if (this.#length < this.#turnEnd) return;
    this.#turnEnd = this.#length + charactersPerTurn;
    await nextTurn();
    this.#signal.throwIfAborted();
  }
}

type PoolBounds = Pick<JsonRpcLimits, "poolContentMax" | "responseLengthMax">;

/**
 * What txpool_content and txpool_inspect answer: by EIP-55 address and nonce. Whole senders are shown until as many transactions are
 * as the bound allows; the rest is left out. The pool may change meanwhile: a sender is as it is when its turn comes.
 */
export async function poolText(
  senders: Iterable<SenderView>,
  show: ShowTransaction,
  bounds: PoolBounds,
  signal: AbortSignal,
): Promise<JsonText> {
  const writer = new PoolWriter(show, bounds, signal);
  const pending: string[] = [];
  const queued: string[] = [];
  let room = bounds.poolContentMax;
  for (const queue of senders) {
    room -= queue.size;
    if (room < 0) break;
    const name = `"${checksumAddress(queue.address)}":`;
    const [first, later] = [queue.pendingEntries(), queue.queuedEntries()];
    if (first.length > 0) pending.push(name + (await writer.byNonce(first)));
    if (later.length > 0) queued.push(name + (await writer.byNonce(later)));
  }
  return new JsonText(`{"pending":{${pending.join()}},"queued":{${queued.join()}}}`);
}

/** What txpool_contentFrom answers: by nonce. */
export async function senderText(
  queue: SenderView | undefined,
  show: ShowTransaction,
  bounds: PoolBounds,
  signal: AbortSignal,
): Promise<JsonText> {
  const writer = new PoolWriter(show, bounds, signal);
  const [first, later] = [queue?.pendingEntries() ?? [], queue?.queuedEntries() ?? []];
  return new JsonText(`{"pending":${await writer.byNonce(first)},"queued":${await writer.byNonce(later)}}`);
}
