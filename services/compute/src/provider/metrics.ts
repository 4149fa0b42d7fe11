import type { Meter } from "@opentelemetry/api";

/** How a served request ended. */
export type ServedEnding = "complete" | "cancelled" | "broken" | "refused";

/** What a provider measures. */
export interface ProviderMetrics {
  finished(ending: ServedEnding, durationMs: number): void;
  firstByte(latencyMs: number): void;
  metered(inputUnits: number, outputUnits: number): void;
  /** A request was not taken; the label is the fault's code. */
  refused(code: string): void;
  /** The market's verdict on a receipt handed in again. */
  submitted(verdict: "accepted" | "refused"): void;
}

/** What is read when metrics are collected. */
export interface ProviderGauges {
  active(): number;
  queued(): number;
  pendingReceipts(): number;
}

/** From 5 ms, where a mock answers, to minutes, which a long answer on a CPU takes. */
const durationBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

export function createProviderMetrics(meter: Meter, gauges: ProviderGauges): ProviderMetrics {
  const duration = meter.createHistogram("provider.request.duration", {
    description: "Time from taking a request to its end, by how it ended.",
    unit: "s",
    advice: { explicitBucketBoundaries: durationBuckets },
  });
  const firstByte = meter.createHistogram("provider.first_byte", {
    description: "Time from taking a request to the first byte of its answer.",
    unit: "s",
    advice: { explicitBucketBoundaries: durationBuckets },
  });
  const units = meter.createCounter("provider.units", { description: "Units metered, by direction." });
  const refused = meter.createCounter("provider.refused", {
    description: "Requests not taken, by fault.",
  });
  const submitted = meter.createCounter("provider.receipts.submitted", {
    description: "Receipts handed in again, by the market's verdict.",
  });
  const gauge = (name: string, description: string, read: () => number) =>
    meter.createObservableGauge(name, { description }).addCallback((result) => result.observe(read()));
  gauge("provider.requests.active", "Requests being served.", gauges.active);
  gauge("provider.requests.queued", "Requests waiting for a place.", gauges.queued);
  gauge("provider.receipts.pending", "Receipts that the market has not acknowledged.", gauges.pendingReceipts);
  return {
    finished: (ending, durationMs) => duration.record(durationMs / 1000, { ending }),
    firstByte: (latencyMs) => firstByte.record(latencyMs / 1000),
    metered: (inputUnits, outputUnits) => {
      units.add(inputUnits, { direction: "input" });
      units.add(outputUnits, { direction: "output" });
    },
    refused: (code) => refused.add(1, { code }),
    submitted: (verdict) => submitted.add(1, { verdict }),
  };
}
