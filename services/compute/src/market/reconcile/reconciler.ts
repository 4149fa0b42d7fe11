import type { Bus } from "@koinon/bus/bus";
import type { Clock } from "@koinon/runtime/clock";
import type { Logger } from "@koinon/runtime/logger";
import type { MoneyStore } from "../accounts/money-store.ts";
import type { MarketMetrics } from "../metrics.ts";
import type { InstanceStore } from "./instance-store.ts";

/** How the market tidies up after itself and its replicas. */
export interface ReconcilerOptions {
  /** How long a process counts as alive after it last said so, in ms. */
  readonly leaseMs: number;
  /** How long providers may hand in receipts of requests whose market died, in ms. */
  readonly orphanMs: number;
  /** A settlement that is not logged after so long is published again, in ms. */
  readonly unloggedMs: number;
  /** How long requests that were given back are kept, in ms. */
  readonly voidedKeptMs: number;
  /** Rows per step. */
  readonly batchSize: number;
}

/** What reconciliation works with. */
export interface ReconcilerDependencies {
  readonly money: Pick<MoneyStore, "endRelaysOf" | "expire" | "forgetVoided" | "unlogged">;
  readonly instances: InstanceStore;
  readonly bus: Pick<Bus, "publish">;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: MarketMetrics;
  readonly instance: string;
}

// With the batch of 500 and a run a minute, 300 voided requests a second can be forgotten.
const forgetStepsMax = 36;

/** The steps that put right what crashes left behind. Each is safe to run at any time, in any number of processes. */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #deps: ReconcilerDependencies;
  #renewedAt = Number.NEGATIVE_INFINITY;
  /** Since when this process has renewed its lease without a gap. */
  #steadySince = Number.POSITIVE_INFINITY;

  constructor(options: ReconcilerOptions, dependencies: ReconcilerDependencies) {
    this.#options = options;
    this.#deps = dependencies;
  }

  /** Says that this process lives. */
  async renewLease(): Promise<void> {
    const { instances, clock, instance } = this.#deps;
    const { leaseMs } = this.#options;
    await instances.renew(instance, clock.now() + leaseMs);
    const now = clock.now();
    if (now - this.#renewedAt > leaseMs) this.#steadySince = now;
    this.#renewedAt = now;
  }

  /** This process has ended all its relays. */
  async giveUpLease(): Promise<void> {
    const { instances, money, clock, instance } = this.#deps;
    await money.endRelaysOf(instance, clock.now() + this.#options.orphanMs);
    await instances.forget(instance);
  }

  /** What processes that have died were relaying is left to the providers' journals. */
  async adoptOrphans(): Promise<void> {
    const { instances, money, clock, log, instance } = this.#deps;
    // After an outage of the database every lease has run out; whoever lives gets the time to say so.
    if (clock.now() - this.#steadySince < this.#options.leaseMs) return;
    for (const lapsed of await instances.lapsed(clock.now())) {
      if (lapsed === instance) continue;
      const orphans = await money.endRelaysOf(lapsed, clock.now() + this.#options.orphanMs);
      await instances.forget(lapsed);
      log.info(
        { instance: lapsed, orphans },
        "requests of a market process that is gone are left to providers' journals",
      );
    }
  }

  /** Gives back what nobody will hand in a receipt for any more. */
  async expireReservations(): Promise<void> {
    const { money, clock, metrics } = this.#deps;
    for (;;) {
      const expired = await money.expire(clock.now(), this.#options.batchSize);
      if (expired > 0) metrics.reservationsExpired.add(expired);
      if (expired < this.#options.batchSize) return;
    }
  }

  /** Forgets requests that were given back long ago, a bounded number per run: the next run goes on. Nothing that moved money is touched. */
  async forgetVoided(): Promise<void> {
    const { money, clock, log } = this.#deps;
    const { voidedKeptMs, batchSize } = this.#options;
    const closedBefore = clock.now() - voidedKeptMs;
    let total = 0;
    for (let step = 0; step < forgetStepsMax && total === step * batchSize; step += 1) {
      total += await money.forgetVoided(closedBefore, batchSize);
    }
    if (total > 0) log.info({ requests: total }, "requests that were given back long ago are forgotten");
  }

  /** Publishes settlements again that have not been logged: the event was lost, or the log was away for long. */
  async publishUnlogged(): Promise<void> {
    const { money, bus, clock, metrics } = this.#deps;
    const now = clock.now();
    const unlogged = await money.unlogged(now - this.#options.unloggedMs, this.#options.batchSize);
    for (const { receiptId, subject, payload } of unlogged) {
      // A fresh id: within two minutes the bus would take the former one for the same event and drop it.
      await bus.publish({ subject, id: `market.unlogged.${receiptId}.${now}`, payload });
    }
    if (unlogged.length > 0) metrics.republished.add(unlogged.length);
  }
}
