import type { Hex } from "@koinon/secp256k1/hex";
import type { SettleRequest } from "../accounts/money-store.ts";
import { RecentMap } from "../recent-map.ts";

/** A receipt's place in its session. */
export type SessionPlace = Pick<SettleRequest, "session" | "sequence" | "previous" | "receiptId">;

/**
 * The order in which this process hands the receipts of a session to the store, which settles them in the order of their chain. Answers end in
 * another order than they were signed in; a receipt that was handed in before its predecessor would be refused, and all that follow it with it.
 */
export class SessionOrder {
  /** By session: the highest sequence that was handed in. */
  readonly #handed: RecentMap<Hex, bigint>;
  /** By the receipt that is waited for. */
  readonly #waiting = new Map<Hex, Set<() => void>>();

  constructor(options: { sessionsMax: number }) {
    this.#handed = new RecentMap({ entriesMax: options.sessionsMax });
  }

  /** False when the receipt before this one has yet to come; another process may have handed that one in, so nobody should wait for ever. */
  isNext({ session, sequence }: SessionPlace): boolean {
    const last = this.#handed.get(session);
    return last === undefined ? sequence === 0n : sequence <= last + 1n;
  }

  /** The receipt is in the hands of the store: those that wait for it go next. */
  handed({ session, sequence, receiptId }: SessionPlace): void {
    const last = this.#handed.get(session);
    if (last === undefined || last < sequence) this.#handed.set(session, sequence);
    const waiting = this.#waiting.get(receiptId);
    this.#waiting.delete(receiptId);
    for (const go of waiting ?? []) go();
  }

  /** Resolves when the receipt before this one is handed in from now on, and after `waitMs` at the latest; at once when the signal aborts. */
  async predecessor({ previous }: SessionPlace, waitMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, waitMs);
    signal.addEventListener("abort", () => resolve(), { once: true });
    const waiting = this.#waiting.get(previous) ?? new Set();
    this.#waiting.set(previous, waiting.add(resolve));
    await promise;
    clearTimeout(timer);
    waiting.delete(resolve);
    if (waiting.size === 0 && this.#waiting.get(previous) === waiting) this.#waiting.delete(previous);
  }
}
