import { PoiError } from "../errors.ts";
import type { PoiMetrics } from "../metrics.ts";
import type { SettledVerdict, SettledVerifier } from "../settled/settled-verifier.ts";
import type { LogWriter, WriteOutcome } from "./log-writer.ts";

/** How a sequencer paces itself. */
export interface SequencerOptions {
  /** Most events in one transaction. */
  readonly batchMax: number;
  /** Most events waiting; one more is refused with SEQUENCER_OVERLOADED. */
  readonly queueMax: number;
  /** Longest time from an append to the checkpoint that covers it, milliseconds. */
  readonly checkpointIntervalMs: number;
  /** Time between two looks at what is held or kept too long, milliseconds. */
  readonly housekeepingIntervalMs: number;
}

export interface SequencerDependencies {
  readonly writer: LogWriter;
  readonly verifier: SettledVerifier;
  readonly clock: { now(): number };
  readonly metrics: PoiMetrics;
  /** Told after each commit that may have written an event to the outbox. */
  readonly onWritten: () => void;
}

interface Waiting {
  readonly verdict: SettledVerdict;
  readonly done: PromiseWithResolvers<WriteOutcome>;
}

/**
 * One term as the log's only writer: takes verified events, commits them in batches, publishes checkpoints. One loop does all of it,
 * because a connection runs one transaction at a time.
 */
export class Sequencer {
  readonly #options: SequencerOptions;
  readonly #dependencies: SequencerDependencies;
  readonly #queue: Waiting[] = [];
  #awake = Promise.withResolvers<void>();
  #isEnding = false;
  #publishedAt = 0;
  #unpublishedSince: number | undefined;
  #housekeptAt = 0;

  constructor(options: SequencerOptions, dependencies: SequencerDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  /** Events waiting to be written. */
  get queued(): number {
    return this.#queue.length;
  }

  /** Resolves when the fate of the event is durable; rejects when it is not known, and then it has to be handed in again. */
  async submit(verdict: SettledVerdict): Promise<WriteOutcome> {
    if (this.#isEnding) throw new PoiError({ code: "SEQUENCER_STOPPED" });
    if (this.#queue.length >= this.#options.queueMax) {
      throw new PoiError({ code: "SEQUENCER_OVERLOADED", queued: this.#queue.length });
    }
    const done = Promise.withResolvers<WriteOutcome>();
    this.#queue.push({ verdict, done });
    this.#awake.resolve();
    return await done.promise;
  }

  /** Writes what is queued and publishes it, then lets `run` return. */
  finish(): void {
    this.#isEnding = true;
    this.#awake.resolve();
  }

  /** Works until `finish` or an abort; rejects with what made writing impossible. What is queued then is rejected. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      while (!signal.aborted) {
        const batch = this.#queue.splice(0, this.#options.batchMax);
        if (batch.length > 0) await this.#append(batch);
        const isLast = this.#isEnding && this.#queue.length === 0;
        if (isLast || this.#checkpointDueMs() === 0) await this.#publish();
        if (isLast) return;
        if (this.#housekeepingDueMs() === 0) await this.#housekeep();
        if (this.#queue.length === 0 && !this.#isEnding) await this.#rest(signal);
      }
    } finally {
      this.#isEnding = true;
      for (const { done } of this.#queue.splice(0)) done.reject(new PoiError({ code: "SEQUENCER_STOPPED" }));
    }
  }

  async #append(batch: readonly Waiting[]): Promise<void> {
    const { writer, clock, metrics, onWritten } = this.#dependencies;
    const loggable = batch.flatMap(({ verdict, done }) =>
      verdict.kind === "loggable" ? [{ receipt: verdict.receipt, done }] : [],
    );
    const refusals = batch.flatMap(({ verdict }) => (verdict.kind === "refused" ? [verdict.refusal] : []));
    const startedAt = clock.now();
    try {
      const result = await writer.append(
        loggable.map(({ receipt }) => receipt),
        refusals,
      );
      metrics.appended({ events: batch.length, entries: result.entries, durationMs: clock.now() - startedAt });
      for (const refusal of result.refused) metrics.refused(refusal.reason);
      for (const [i, { done }] of loggable.entries()) done.resolve(result.outcomes[i] ?? "refused");
      for (const { verdict, done } of batch) if (verdict.kind === "refused") done.resolve("refused");
      if (result.entries > 0) this.#unpublishedSince ??= clock.now();
      onWritten();
    } catch (error) {
      // Whether it committed may be unknown; whoever hands the events in again finds out.
      for (const { done } of batch) done.reject(error);
      throw error;
    }
    await this.#release();
  }

  /** Held receipts whose predecessor has come are next: at the head of the queue, so that none is fetched twice. */
  async #release(): Promise<void> {
    const { writer, verifier } = this.#dependencies;
    const payloads = await writer.releasable(this.#options.batchMax);
    const released = payloads.map((payload): Waiting => {
      const done = Promise.withResolvers<WriteOutcome>();
      // Nobody waits for it: it stays held unless it is written.
      done.promise.catch(() => undefined);
      return { verdict: verifier.verify(payload), done };
    });
    this.#queue.unshift(...released);
  }

  async #publish(): Promise<void> {
    const { writer, clock, metrics } = this.#dependencies;
    const since = this.#unpublishedSince;
    const isNew = await writer.publish();
    this.#unpublishedSince = undefined;
    this.#publishedAt = clock.now();
    if (isNew && since !== undefined) metrics.published(this.#publishedAt - since);
  }

  async #housekeep(): Promise<void> {
    const { writer, clock, metrics } = this.#dependencies;
    for (const refusal of await writer.housekeep()) metrics.refused(refusal.reason);
    this.#housekeptAt = clock.now();
    await this.#release();
  }

  /** Waits for something to do: until woken, or until a checkpoint or a look is due. */
  async #rest(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { promise: woken, resolve } = this.#awake;
    const wake = () => resolve();
    const restMs = Math.min(this.#checkpointDueMs() ?? Number.POSITIVE_INFINITY, this.#housekeepingDueMs());
    const timer = setTimeout(wake, restMs);
    signal.addEventListener("abort", wake);
    await woken;
    clearTimeout(timer);
    signal.removeEventListener("abort", wake);
    this.#awake = Promise.withResolvers<void>();
  }

  /** Milliseconds until a checkpoint has to be published; undefined when everything is. The first of a burst is published at once. */
  #checkpointDueMs(): number | undefined {
    const { writer } = this.#dependencies;
    if (writer.publishedSize === writer.treeSize) return undefined;
    return this.#remaining(this.#publishedAt, this.#options.checkpointIntervalMs);
  }

  #housekeepingDueMs(): number {
    return this.#remaining(this.#housekeptAt, this.#options.housekeepingIntervalMs);
  }

  /** Time left of an interval; never longer than it, also when the clock was set back. */
  #remaining(since: number, intervalMs: number): number {
    const left = since + intervalMs - this.#dependencies.clock.now();
    return left > intervalMs ? 0 : Math.max(0, left);
  }
}
