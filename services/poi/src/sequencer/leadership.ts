import { setTimeout as delay } from "node:timers/promises";
import type { Bus, Durable } from "@koinon/bus/bus";
import type { TreeHasher } from "@koinon/merkle/tree-hasher";
import type { ConnectionOptions } from "@koinon/postgres/connection-options";
import { acquireLease, type Lease } from "@koinon/postgres/lease";
import type { Logger } from "@koinon/runtime/logger";
import { PoiError } from "../errors.ts";
import type { LogKey } from "../log/log-key.ts";
import type { PoiMetrics } from "../metrics.ts";
import type { SettledVerifier } from "../settled/settled-verifier.ts";
import { VerifyLane } from "../settled/verify-lane.ts";
import { LogWriter, type LogWriterOptions } from "./log-writer.ts";
import { Sequencer, type SequencerOptions } from "./sequencer.ts";

/** How a process tries for and serves its terms. */
export interface LeadershipOptions extends LogWriterOptions, SequencerOptions {
  readonly connection: ConnectionOptions;
  /** Events in hand at once. */
  readonly concurrency: number;
}

export interface LeadershipDependencies {
  readonly bus: Bus;
  readonly key: LogKey;
  readonly hasher: TreeHasher;
  readonly verifier: SettledVerifier;
  readonly clock: { now(): number };
  readonly metrics: PoiMetrics;
  readonly log: Logger;
  /** Told after each commit that may have written an event to the outbox. */
  readonly onWritten: () => void;
}

/** What a process is to the log now. */
export type LeadershipState =
  | { readonly role: "standby" | "stopped" }
  | { readonly role: "sequencer"; readonly writer: LogWriter; readonly sequencer: Sequencer };

/** The settled receipts that markets publish. */
export const settledEvents: Durable = { durable: "poi", subject: "koinon.compute.v1.settled.>" };

const leaseName = "poi.sequencer";
// With the bus's growing pauses about four minutes; what the market does not see logged it publishes again.
const maxDeliveries = 15;
// A free lock is had in milliseconds.
const firstTermMs = 1_000;
const retryDelayMs = 250;
const retryDelayMsMax = 5_000;

/** Waits to be the log's only sequencer, is it as long as its lock holds, and waits again. */
export class Leadership {
  readonly #options: LeadershipOptions;
  readonly #dependencies: LeadershipDependencies;
  readonly #stopping = new AbortController();
  #state: LeadershipState = { role: "standby" };
  #failures = 0;
  readonly #firstTerm = Promise.withResolvers<void>();
  #running: Promise<void> | undefined;

  constructor(options: LeadershipOptions, dependencies: LeadershipDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  get state(): LeadershipState {
    return this.#state;
  }

  /** How often in a row a term could not be had or ended with an error. */
  get failures(): number {
    return this.#failures;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Resolves when this process takes events for the first time, or when it is clear that another one does. */
  async settled(): Promise<void> {
    const over = new AbortController();
    const patience = delay(firstTermMs, undefined, { signal: AbortSignal.any([over.signal, this.#stopping.signal]) });
    await Promise.race([this.#firstTerm.promise, patience.catch(() => undefined)]);
    over.abort();
  }

  /** Writes and publishes what is in hand, gives up the lock, and does not try again. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    const { log } = this.#dependencies;
    while (!signal.aborted) {
      try {
        const lease = await acquireLease({ ...this.#options.connection, name: leaseName, signal });
        try {
          await this.#serve(lease);
        } finally {
          this.#state = { role: "standby" };
          await lease.release();
        }
      } catch (error) {
        if (signal.aborted) break;
        this.#failures += 1;
        log.warn({ err: error, failures: this.#failures }, "sequencer term ended");
        const pauseMs = Math.min(retryDelayMs * 2 ** Math.min(this.#failures - 1, 10), retryDelayMsMax);
        await delay(pauseMs, undefined, { signal }).catch(() => undefined);
      }
    }
    this.#state = { role: "stopped" };
  }

  async #serve(lease: Lease): Promise<void> {
    const { bus, log, metrics } = this.#dependencies;
    const writer = await LogWriter.open(this.#options, { ...this.#dependencies, lease });
    // What a former sequencer appended and did not live to publish; for a new log, the empty tree.
    await writer.publish();
    const sequencer = new Sequencer(this.#options, { ...this.#dependencies, writer });
    const ended = sequencer.run(lease.signal);
    // Awaited below; until then a failure must not count as unhandled.
    ended.catch(() => undefined);
    this.#state = { role: "sequencer", writer, sequencer };
    metrics.termStarted();
    log.info({ treeSize: writer.treeSize }, "sequencer term started");
    const lane = new VerifyLane(this.#dependencies);
    const handler = (event: { payload: Uint8Array }) => this.#take(event.payload, lane, sequencer);
    const { concurrency } = this.#options;
    const consumption = await bus.consume({ ...settledEvents, maxDeliveries, concurrency, handler });
    this.#firstTerm.resolve();
    try {
      await Promise.race([ended, aborted(AbortSignal.any([this.#stopping.signal, lease.signal]))]);
    } finally {
      // Events in hand are written when this is an orderly stop, and rejected when the sequencer has failed.
      await consumption.stop();
      sequencer.finish();
    }
    await ended;
    if (lease.signal.aborted && !this.#stopping.signal.aborted) throw lease.signal.reason;
  }

  async #take(payload: Uint8Array, lane: VerifyLane, sequencer: Sequencer): Promise<void> {
    const { metrics } = this.#dependencies;
    try {
      const verdict = await lane.verify(payload);
      if (verdict.kind === "refused") metrics.refused(verdict.refusal.reason);
      const outcome = await sequencer.submit(verdict);
      metrics.received(outcome);
      if (outcome === "no-room") throw new PoiError({ code: "HOLD_FULL", held: this.#options.heldMax });
      this.#failures = 0;
    } catch (error) {
      metrics.received("failed");
      throw error;
    }
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve(), { once: true });
  await promise;
}
