import type { Attributes, Meter } from "@opentelemetry/api";
import type { SettleOutcome } from "./accounts/money-store.ts";
import type { ProviderState } from "./registry/provider-state.ts";

// From a small model on this machine to a long prompt on a slow one; each step about a factor of two to two and a half.
const durationBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** What is observed when metrics are collected. */
export interface MarketGauges {
  requests(): number;
  waiting(): number;
  settlementsPending(): number;
  providers(): ReadonlyMap<ProviderState["state"], number>;
}

/** How a relayed request ended. */
export type RequestOutcome = "served" | "engine-refused" | "refused" | "failed" | "broken" | "not-proved" | "cancelled";

/** A counter whose labels have a fixed shape. */
interface LabelledCounter<L extends Attributes> {
  add(count: number, labels: L): void;
}

/** Every metric of the market. Label values are bounded: outcomes and stable codes, never names, addresses or models. */
export class MarketMetrics {
  /** Requests by how they ended. */
  readonly requests: LabelledCounter<{ outcome: RequestOutcome }>;
  /** Dispatches to providers by how they ended. */
  readonly attempts: LabelledCounter<{ outcome: string }>;
  /** Reservations given back by their reason. */
  readonly voids: LabelledCounter<{ reason: string }>;
  /** Settles by what became of them and whether the market relayed the answer. */
  readonly settlements: LabelledCounter<{ outcome: SettleOutcome; relayed: boolean }>;
  /** Receipts refused by reason; each is a provider caught. */
  readonly receiptsRefused: LabelledCounter<{ reason: string }>;
  /** Receipts handed in by providers, by result. */
  readonly receiptsSubmitted: LabelledCounter<{ result: string }>;
  /** Reservations that expired. */
  readonly reservationsExpired: { add(count: number): void };
  /** Settlements published again because they were not logged in time. */
  readonly republished: { add(count: number): void };
  /** Seconds from dispatch to the first byte of content. */
  readonly firstByte: { record(seconds: number): void };
  /** Seconds until a reservation is on disk. */
  readonly reserve: { record(seconds: number): void };
  readonly #meter: Meter;

  constructor(meter: Meter) {
    const counter = (name: string, description: string) => meter.createCounter(`market.${name}`, { description });
    const duration = (name: string, description: string) =>
      meter.createHistogram(`market.${name}`, {
        description,
        unit: "s",
        advice: { explicitBucketBoundaries: durationBuckets },
      });
    this.#meter = meter;
    this.requests = counter("requests", "Requests by how they ended.");
    this.attempts = counter("attempts", "Dispatches to providers by how they ended.");
    this.voids = counter("voids", "Reservations given back, by reason.");
    this.settlements = counter("settlements", "Settles by what became of them.");
    this.receiptsRefused = counter("receipts.refused", "Receipts that did not match, by reason.");
    this.receiptsSubmitted = counter("receipts.submitted", "Receipts handed in by providers, by result.");
    this.reservationsExpired = counter("reservations.expired", "Reservations that expired without a receipt.");
    this.republished = counter("settlements.republished", "Settlements published again because they were not logged.");
    this.firstByte = duration("first_byte", "Seconds from dispatch to the first byte of content.");
    this.reserve = duration("reserve", "Seconds that a reservation takes before a request is dispatched.");
  }

  /** Registers what is read at collection; answers how to stop that. */
  observe(gauges: MarketGauges): () => void {
    const gauge = (name: string, description: string) =>
      this.#meter.createObservableGauge(`market.${name}`, { description });
    const requests = gauge("requests.active", "Requests in hand.");
    const waiting = gauge("requests.waiting", "Requests waiting for a provider's slot.");
    const pending = gauge("settlements.pending", "Decisions about money that are not written yet.");
    const providers = gauge("providers", "Registered providers by state.");
    const all = [requests, waiting, pending, providers];
    const collect: Parameters<Meter["addBatchObservableCallback"]>[0] = (result) => {
      result.observe(requests, gauges.requests());
      result.observe(waiting, gauges.waiting());
      result.observe(pending, gauges.settlementsPending());
      for (const [state, count] of gauges.providers()) result.observe(providers, count, { state });
    };
    this.#meter.addBatchObservableCallback(collect, all);
    return () => this.#meter.removeBatchObservableCallback(collect, all);
  }
}
