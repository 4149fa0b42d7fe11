import type { Attributes, Counter, Histogram, Meter } from "@opentelemetry/api";
import type { Access } from "./http/api-document.ts";
import type { HttpError } from "./http/http-error.ts";
import type { Outcome } from "./openai/relay.ts";
import type { Operation } from "./openai/request-head.ts";

// From an embedding on a fast machine to a long answer on a slow one; each step about a factor of two to two and a half.
const DURATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** What is observed when metrics are collected. */
export interface Gauges {
  requests(): number;
  bodyBytes(): number;
  rateLimitDegraded(): boolean;
}

/** Every metric of the gateway. Label values are bounded: operations, outcomes, statuses and fault codes of known services. */
export class GatewayMetrics {
  readonly #firstByte: Histogram;
  readonly #duration: Histogram;
  readonly #bytes: Counter;
  readonly #errors: Counter;
  readonly #limited: Counter;
  readonly #degraded: Counter;
  readonly #unfinished: Counter;
  readonly #meter: Meter;
  readonly #labels = new Map<string, Attributes>();

  constructor(meter: Meter) {
    this.#meter = meter;
    const duration = (name: string, description: string) =>
      meter.createHistogram(name, { description, unit: "s", advice: { explicitBucketBoundaries: DURATION_BUCKETS } });
    this.#firstByte = duration(
      "gateway.inference.first_byte",
      "Seconds from the end of a request to the first byte of its answer.",
    );
    this.#duration = duration(
      "gateway.inference.duration",
      "Seconds from the end of a request to the end of its answer.",
    );
    this.#bytes = meter.createCounter("gateway.inference.answer_bytes", {
      description: "Answer bytes sent to clients.",
      unit: "By",
    });
    this.#errors = meter.createCounter("gateway.errors", { description: "Error answers, by status and fault code." });
    this.#limited = meter.createCounter("gateway.rate_limited", { description: "Requests that a rate limit refused." });
    this.#degraded = meter.createCounter("gateway.rate_limit.failures", {
      description: "Failures of the shared rate limiter, each followed by local limits.",
    });
    this.#unfinished = meter.createCounter("gateway.keys.unfinished", {
      description: "Key creations that could not be finished yet.",
    });
  }

  /** Registers what is read at collection; answers how to stop that. */
  observe(gauges: Gauges): () => void {
    const requests = this.#meter.createObservableGauge("gateway.requests", { description: "Requests in hand." });
    const bodyBytes = this.#meter.createObservableGauge("gateway.body_bytes", {
      description: "Declared body bytes in hand.",
      unit: "By",
    });
    const degraded = this.#meter.createObservableGauge("gateway.rate_limit.degraded", {
      description: "1 while rate limits are local because Redis does not answer.",
    });
    const read = (result: { observe(value: number): void }, value: number) => result.observe(value);
    const callbacks = [
      [requests, (result: { observe(value: number): void }) => read(result, gauges.requests())],
      [bodyBytes, (result: { observe(value: number): void }) => read(result, gauges.bodyBytes())],
      [degraded, (result: { observe(value: number): void }) => read(result, gauges.rateLimitDegraded() ? 1 : 0)],
    ] as const;
    for (const [gauge, callback] of callbacks) gauge.addCallback(callback);
    return () => {
      for (const [gauge, callback] of callbacks) gauge.removeCallback(callback);
    };
  }

  answered(
    operation: Operation,
    outcome: Outcome,
    measured: { readonly durationMs: number; readonly firstByteMs: number | undefined; readonly bytes: number },
  ): void {
    const labels = this.#labelsOf(operation, outcome);
    this.#duration.record(measured.durationMs / 1000, labels);
    if (measured.firstByteMs !== undefined) this.#firstByte.record(measured.firstByteMs / 1000, labels);
    this.#bytes.add(measured.bytes, labels);
  }

  failed({ status, code }: HttpError): void {
    this.#errors.add(1, { status: String(status), code });
  }

  limited(access: Access): void {
    this.#limited.add(1, { access });
  }

  rateLimiterFailed(): void {
    this.#degraded.add(1);
  }

  keyUnfinished(): void {
    this.#unfinished.add(1);
  }

  #labelsOf(operation: Operation, outcome: Outcome): Attributes {
    const name = `${operation} ${outcome}`;
    let labels = this.#labels.get(name);
    if (labels === undefined) {
      labels = { operation, outcome };
      this.#labels.set(name, labels);
    }
    return labels;
  }
}
