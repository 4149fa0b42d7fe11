import { setTimeout as delay } from "node:timers/promises";
import { DomainError } from "@koinon/errors/domain-error";
import { InvariantViolation } from "@koinon/errors/invariant";
import type { Clock } from "@koinon/runtime/clock";
import type { Logger } from "@koinon/runtime/logger";
import type { Hex } from "@koinon/secp256k1/hex";
import type { Delivered, MoneyStore, SettleOutcome, SettleRequest } from "../accounts/money-store.ts";
import { SessionOrder } from "./session-order.ts";

/** Bounds of what is decided and not yet written. */
export interface SettlementWriterOptions {
  /** Decisions on their way to the store; beyond it `room` waits. */
  readonly pendingMax: number;
  /** First pause before a step is tried again, in ms; doubles up to `retryMsMax`. */
  readonly retryMs: number;
  readonly retryMsMax: number;
  /** A settle whose receipt waits this long for the one before it is left to the provider's journal, in ms. */
  readonly predecessorMs: number;
  /** Sessions whose order is kept. */
  readonly sessionsMax: number;
}

/** What the writer reports to. */
export interface SettlementWriterDependencies {
  readonly money: Pick<MoneyStore, "settle" | "void" | "endRelay">;
  readonly clock: Clock;
  readonly log: Logger;
  /** A settle ended, for metrics and sessions. */
  onSettle(request: SettleRequest, outcome: SettleOutcome): void;
}

/**
 * Writes what relays have decided, outside of their answers' way: a client need not wait for a commit, because a receipt is in its provider's
 * journal before the market sees it and is handed in again if this process dies first. Tries each step again until the reservation
 * expires; what could not be written by then is left to the provider's journal and to expiry.
 */
export class SettlementWriter {
  readonly #options: SettlementWriterOptions;
  readonly #deps: SettlementWriterDependencies;
  /** By request id, and by receipt id for settles. */
  readonly #byId = new Map<Hex, Promise<void>>();
  readonly #pending = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  readonly #order: SessionOrder;
  #waiters: (() => void)[] = [];

  constructor(options: SettlementWriterOptions, dependencies: SettlementWriterDependencies) {
    this.#options = options;
    this.#deps = dependencies;
    this.#order = new SessionOrder(options);
  }

  /** Decisions that are not written yet. */
  get pending(): number {
    return this.#pending.size;
  }

  /** By request id or receipt id: resolves when the decision is written or given up; undefined when there is none. */
  pendingFor(id: Hex): Promise<void> | undefined {
    return this.#byId.get(id);
  }

  /** Resolves when one more decision may be taken on. */
  async room(signal: AbortSignal): Promise<void> {
    while (this.#pending.size >= this.#options.pendingMax) {
      signal.throwIfAborted();
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const onAbort = () => reject(signal.reason);
      signal.addEventListener("abort", onAbort, { once: true });
      this.#waiters.push(resolve);
      await promise.finally(() => signal.removeEventListener("abort", onAbort));
    }
  }

  /**
   * Pays a receipt that has been checked, after the one before it. When that does not come, because it was refused or lost, this one can not be
   * settled in its place: the request is left to the provider's journal, which may hand in another receipt for the same work.
   */
  settle(request: SettleRequest, expiresAt: number, delivered: Delivered): void {
    const { clock, money } = this.#deps;
    this.#track([request.requestId, request.receiptId], async () => {
      const waitUntil = Math.min(expiresAt, clock.now() + this.#options.predecessorMs);
      const { requestId, attempts } = request;
      const order = this.#order;
      let isInOrder = order.isNext(request);
      const pause = async (pauseMs: number): Promise<void> => {
        // The one before may have been handed in while this one was with the store.
        if (isInOrder || !order.isNext(request)) await order.predecessor(request, pauseMs, this.#stopping.signal);
      };
      if (!isInOrder) await pause(this.#options.retryMs);
      const settleInOrder = async () => {
        isInOrder = order.isNext(request);
        const settling = money.settle(request);
        if (isInOrder) order.handed(request);
        const result = await settling;
        // Another process had the one before.
        if (result === "settled" && !isInOrder) order.handed(request);
        return result !== "predecessor-missing" || clock.now() >= waitUntil ? result : undefined;
      };
      const outcome = await this.#persist(requestId, expiresAt, settleInOrder, pause);
      if (outcome !== undefined) this.#deps.onSettle(request, outcome);
      if (outcome === "predecessor-missing") this.endRelay({ requestId, delivered, attempts, expiresAt });
    });
  }

  /** Gives a reservation back. */
  void(request: Parameters<MoneyStore["void"]>[0], expiresAt: number): void {
    this.#track([request.requestId], async () => {
      await this.#persist(request.requestId, expiresAt, () => this.#deps.money.void(request));
    });
  }

  /** Leaves a reservation to its provider's journal. */
  endRelay(request: Parameters<MoneyStore["endRelay"]>[0]): void {
    this.#track([request.requestId], async () => {
      await this.#persist(request.requestId, request.expiresAt, async () => {
        await this.#deps.money.endRelay(request);
        return true;
      });
    });
  }

  /** Waits for what is pending; what is left when the signal aborts is given up. */
  async drain(signal: AbortSignal): Promise<void> {
    const giveUp = () => this.#stopping.abort();
    signal.addEventListener("abort", giveUp, { once: true });
    if (signal.aborted) giveUp();
    while (this.#pending.size > 0) await Promise.all(this.#pending);
    signal.removeEventListener("abort", giveUp);
  }

  #track(ids: readonly [Hex, ...Hex[]], work: () => Promise<void>): void {
    const before = this.#byId.get(ids[0]) ?? Promise.resolve();
    const done = before.then(work).finally(() => {
      this.#pending.delete(done);
      for (const id of ids) if (this.#byId.get(id) === done) this.#byId.delete(id);
      for (const admit of this.#waiters.splice(0)) admit();
    });
    this.#pending.add(done);
    for (const id of ids) this.#byId.set(id, done);
  }

  /** Runs a step until it answers something; undefined when there is no point in going on. */
  async #persist<T>(
    requestId: Hex,
    expiresAt: number,
    step: () => Promise<T | undefined>,
    pause = async (pauseMs: number): Promise<void> => {
      await delay(pauseMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
    },
  ): Promise<T | undefined> {
    for (let pauseMs = this.#options.retryMs; ; pauseMs = Math.min(pauseMs * 2, this.#options.retryMsMax)) {
      let reason = "PREDECESSOR_MISSING";
      try {
        const result = await step();
        if (result !== undefined) return result;
      } catch (error) {
        // A broken invariant ends the process.
        if (error instanceof InvariantViolation) throw error;
        reason = error instanceof DomainError ? error.code : String(error);
      }
      if (this.#stopping.signal.aborted || this.#deps.clock.now() + pauseMs >= expiresAt) {
        this.#deps.log.warn({ requestId, reason }, "settlement left to the provider's journal");
        return undefined;
      }
      await pause(pauseMs);
    }
  }
}
