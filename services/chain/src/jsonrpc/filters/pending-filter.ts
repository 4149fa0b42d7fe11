import { setImmediate as nextTurn } from "node:timers/promises";
import type { EncodedTransaction } from "@koinon/ethereum/transaction";
import { recoveredTransaction } from "@koinon/ethereum/transaction-decode";
import type { Hex } from "@koinon/secp256k1/hex";
import type { Mempool } from "../../mempool/mempool.ts";
import { transactionToJson } from "../json/transaction-json.ts";
import type { Filter } from "./filter.ts";

/** What a filter of pending transactions tells, and keeps until it is asked; the oldest go first. */
export interface PendingFilterOptions {
  /** Whole transactions instead of hashes. */
  readonly isFull: boolean;
  readonly queueMax: number;
  /** Characters of an answer. */
  readonly responseLengthMax: number;
}

/** Transactions that became executable. */
export function createPendingFilter(
  mempool: Pick<Mempool, "subscribe">,
  { isFull, queueMax, responseLengthMax }: PendingFilterOptions,
): Filter {
  const bounds = { countMax: queueMax, lengthMax: responseLengthMax };
  const [hashes, transactions] = [new Newest<Hex>(bounds), new Newest<EncodedTransaction>(bounds)];
  const unsubscribe = mempool.subscribe({
    pending: ({ raw, hash, sender }) => {
      if (isFull) transactions.add({ raw, hash, sender }, shownLengthMax(raw));
      else hashes.add(hash, hash.length + separatorLength);
    },
  });
  return {
    query: undefined,
    close: unsubscribe,
    changes: async () => (isFull ? await allToJson(transactions.take()) : hashes.take()),
  };
}

/** Transactions between two turns: a few milliseconds. */
const shownPerTurn = 256;

async function allToJson(transactions: readonly EncodedTransaction[]): Promise<readonly unknown[]> {
  const shown: unknown[] = [];
  for (const [index, transaction] of transactions.entries()) {
    if (index % shownPerTurn === shownPerTurn - 1) await nextTurn();
    shown.push(transactionToJson(recoveredTransaction(transaction), undefined));
  }
  return shown;
}

// Quotation marks and comma.
const separatorLength = 3;

/** Two digits a byte, the names and zeros of authorizations, which are what takes most room beside their bytes, and fields that all have. */
function shownLengthMax(raw: Uint8Array): number {
  return 4 * raw.length + 1_024;
}

/** The newest of what was added since it was last taken, as many as fit into an answer. */
class Newest<T> {
  readonly #bounds: { readonly countMax: number; readonly lengthMax: number };
  #entries: { readonly value: T; readonly length: number }[] = [];
  #length = 0;

  constructor(bounds: { readonly countMax: number; readonly lengthMax: number }) {
    this.#bounds = bounds;
  }

  add(value: T, length: number): void {
    this.#entries.push({ value, length });
    this.#length += length;
    const { countMax, lengthMax } = this.#bounds;
    // In large steps, so that dropping costs nothing per transaction.
    if (this.#entries.length >= 2 * countMax || this.#length >= 2 * lengthMax) this.#drop();
  }

  take(): T[] {
    this.#drop();
    const values = this.#entries.map(({ value }) => value);
    this.#entries = [];
    this.#length = 0;
    return values;
  }

  #drop(): void {
    const { countMax, lengthMax } = this.#bounds;
    let from = this.#entries.length;
    let length = 0;
    while (from > 0 && this.#entries.length - from < countMax) {
      const next = length + (this.#entries[from - 1]?.length ?? 0);
      if (next > lengthMax) break;
      length = next;
      from -= 1;
    }
    this.#entries = this.#entries.slice(from);
    this.#length = length;
  }
}
