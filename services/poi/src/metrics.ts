import type { Counter, Histogram, Meter } from "@opentelemetry/api";
import type { WriteOutcome } from "./sequencer/log-writer.ts";
import type { RefusalReason } from "./settled/refusal.ts";

/** What became of an attempt to anchor a checkpoint. */
export type AnchorOutcome =
  /** It stands in the registry, and the proof is kept. */
  | "anchored"
  /** Its transaction was included and reverted. */
  | "reverted"
  /** Another transaction took its nonce. */
  | "replaced"
  /** Its transaction waited too long and was replaced by one that pays more. */
  | "raised"
  /** The chain no longer has the block it was in. */
  | "reorganised"
  /** A step failed and is tried again. */
  | "failed";

/** What is observed when metrics are collected. */
export interface PoiGauges {
  /** Undefined while this process is not the sequencer. */
  sequencer(): { treeSize: bigint; held: number; queued: number } | undefined;
  publishedSize(): bigint | undefined;
  anchoredSize(): bigint | undefined;
}

// A commit takes about a millisecond on a fast disk; each step is about a factor of two.
const APPEND_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
// The promise is one second.
const CHECKPOINT_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1, 2, 5];
// Powers of two up to the largest batch.
const BATCH_EVENTS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096];

/** Every metric of poi. Label values are outcomes and reasons of fixed lists. */
export class PoiMetrics {
  readonly #meter: Meter;
  readonly #outcomes: Counter;
  readonly #refusals: Counter;
  readonly #appendDuration: Histogram;
  readonly #batch: Histogram;
  readonly #entries: Counter;
  readonly #checkpointDelay: Histogram;
  readonly #cosignatures: Counter;
  readonly #terms: Counter;
  readonly #anchors: Counter;

  constructor(meter: Meter) {
    this.#meter = meter;
    this.#outcomes = meter.createCounter("poi.receipts", {
      description: "Settled receipts taken from the bus, by outcome.",
    });
    this.#refusals = meter.createCounter("poi.refusals", {
      description: "Receipts that do not belong in the log, by reason.",
    });
    this.#entries = meter.createCounter("poi.entries", { description: "Entries appended to the log." });
    this.#cosignatures = meter.createCounter("poi.cosignatures", { description: "Cosignatures taken from witnesses." });
    this.#terms = meter.createCounter("poi.sequencer.terms", {
      description: "Times that this process became the sequencer.",
    });
    this.#anchors = meter.createCounter("poi.anchors", { description: "Attempts to anchor a checkpoint, by outcome." });
    this.#batch = meter.createHistogram("poi.append.events", {
      description: "Events in one append.",
      advice: { explicitBucketBoundaries: BATCH_EVENTS },
    });
    const duration = (name: string, description: string, explicitBucketBoundaries: number[]) =>
      meter.createHistogram(name, { description, unit: "s", advice: { explicitBucketBoundaries } });
    this.#appendDuration = duration(
      "poi.append.duration",
      "Seconds that one append takes, to its commit.",
      APPEND_SECONDS,
    );
    this.#checkpointDelay = duration(
      "poi.checkpoint.delay",
      "Seconds from the first append without a checkpoint to the checkpoint.",
      CHECKPOINT_SECONDS,
    );
  }

  /** Registers what is read at collection; answers how to stop that. */
  observe(gauges: PoiGauges): () => void {
    const gauge = (name: string, description: string, read: () => bigint | number | undefined) => {
      const instrument = this.#meter.createObservableGauge(name, { description });
      const callback = (result: { observe(value: number): void }) => {
        const value = read();
        if (value !== undefined) result.observe(Number(value));
      };
      instrument.addCallback(callback);
      return () => instrument.removeCallback(callback);
    };
    const stops = [
      gauge("poi.sequencing", "1 while this process is the sequencer.", () =>
        gauges.sequencer() === undefined ? 0 : 1,
      ),
      gauge("poi.tree.size", "Entries in the log, as the sequencer knows it.", () => gauges.sequencer()?.treeSize),
      gauge("poi.held", "Receipts held for their predecessor.", () => gauges.sequencer()?.held),
      gauge("poi.queued", "Events waiting to be written.", () => gauges.sequencer()?.queued),
      gauge("poi.checkpoint.size", "Entries that the newest published checkpoint covers.", gauges.publishedSize),
      gauge("poi.anchor.size", "Entries that the newest anchored checkpoint covers.", gauges.anchoredSize),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }

  received(outcome: WriteOutcome | "failed"): void {
    this.#outcomes.add(1, { outcome });
  }

  refused(reason: RefusalReason): void {
    this.#refusals.add(1, { reason });
  }

  appended({ events, entries, durationMs }: { events: number; entries: number; durationMs: number }): void {
    this.#batch.record(events);
    this.#entries.add(entries);
    this.#appendDuration.record(durationMs / 1000);
  }

  published(delayMs: number): void {
    this.#checkpointDelay.record(delayMs / 1000);
  }

  cosigned(count: number): void {
    this.#cosignatures.add(count);
  }

  anchored(outcome: AnchorOutcome): void {
    this.#anchors.add(1, { outcome });
  }

  termStarted(): void {
    this.#terms.add(1);
  }
}
