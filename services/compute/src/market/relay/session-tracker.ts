import { headOf, type SessionHead } from "@koinon/contributions/session-rules";
import type { Hex } from "@koinon/secp256k1/hex";
import { RecentMap } from "../recent-map.ts";
import type { CheckedReceipt } from "./receipt-check.ts";

/** The last accepted receipt of each session that this replica has seen lately; the store has the whole truth. */
export class SessionTracker {
  readonly #heads: RecentMap<Hex, SessionHead>;

  constructor(options: { sessionsMax: number }) {
    this.#heads = new RecentMap({ entriesMax: options.sessionsMax });
  }

  head(session: Hex): SessionHead | undefined {
    return this.#heads.get(session);
  }

  /** The receipt was accepted as the next of its session. One that came early is not: what comes before it is still on its way. */
  accept({ receipt, receiptId, signedBy }: CheckedReceipt): void {
    const head = this.#heads.get(receipt.session);
    if (receipt.sequence === (head === undefined ? 0n : head.sequence + 1n)) {
      this.#heads.set(receipt.session, headOf(receipt, receiptId, signedBy));
    }
  }

  /** The receipt was settled, which the store does in order: whatever comes before it is settled too. */
  settled({ receipt, receiptId, signedBy }: CheckedReceipt): void {
    const head = this.#heads.get(receipt.session);
    if (head === undefined || head.sequence < receipt.sequence) {
      this.#heads.set(receipt.session, headOf(receipt, receiptId, signedBy));
    }
  }
}
