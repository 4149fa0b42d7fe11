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
  const duration = meter.createHistogram("koinon_provider_request_duration_seconds", {
    description: "Time from taking a request to its end, by how it ended.",
    unit: "s",
    advice: { explicitBucketBoundaries: durationBuckets },
  });
  const firstByte = meter.createHistogram("koinon_provider_first_byte_seconds", {
    description: "Time from taking a request to the first byte of its answer.",
    unit: "s",
    advice: { explicitBucketBoundaries: durationBuckets },
  });
  const units = meter.createCounter("koinon_provider_units_total", { description: "Units metered, by direction." });
  const refused = meter.createCounter("koinon_provider_refused_total", {
    description: "Requests not taken, by fault.",
  });
  const submitted = meter.createCounter("koinon_provider_receipts_submitted_total", {
    description: "Receipts handed in again, by the market's verdict.",
  });
  const gauge = (name: string, description: string, read: () => number) =>
    meter.createObservableGauge(name, { description }).addCallback((result) => result.observe(read()));
  gauge("koinon_provider_active_requests", "Requests being served.", gauges.active);
  gauge("koinon_provider_queued_requests", "Requests waiting for a place.", gauges.queued);
  gauge("koinon_provider_pending_receipts", "Receipts that the market has not acknowledged.", gauges.pendingReceipts);
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
