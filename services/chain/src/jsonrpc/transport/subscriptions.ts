import type { Random } from "@koinon/runtime/random";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import { serverError } from "../json-rpc-error.ts";

/** Sends what a subscription is about until its signal aborts. */
export type Feed = (id: Hex, signal: AbortSignal) => Promise<void>;

/** What a connection's subscriptions need. */
export interface SubscriptionDependencies {
  readonly random: Random;
  /** Told when a feed broke off by itself. */
  failed(error: unknown): void;
}

/** The subscriptions of one connection. */
export class Subscriptions {
  readonly #max: number;
  readonly #dependencies: SubscriptionDependencies;
  readonly #running = new Map<Hex, AbortController>();

  constructor(subscriptionsMax: number, dependencies: SubscriptionDependencies) {
    this.#max = subscriptionsMax;
    this.#dependencies = dependencies;
  }

  get size(): number {
    return this.#running.size;
  }

  /** Accepts a subscription, which begins when the client knows its id; throws "too many subscriptions". */
  add(feed: Feed): { readonly id: Hex; begin(): void } {
    if (this.#running.size >= this.#max) throw serverError("too many subscriptions");
    const id = bytesToHex(this.#dependencies.random.bytes(16));
    const ended = new AbortController();
    this.#running.set(id, ended);
    return { id, begin: () => void this.#run(id, feed, ended) };
  }

  /** Ends a subscription; false when there is none. */
  remove(id: Hex): boolean {
    this.#running.get(id)?.abort();
    return this.#running.delete(id);
  }

  /** Ends all of them. */
  close(): void {
    for (const id of [...this.#running.keys()]) this.remove(id);
  }

  async #run(id: Hex, feed: Feed, ended: AbortController): Promise<void> {
    try {
      if (!ended.signal.aborted) await feed(id, ended.signal);
    } catch (error) {
      if (!ended.signal.aborted) this.#dependencies.failed(error);
    } finally {
      this.#running.delete(id);
    }
  }
}
