import { CircuitBreaker, type CircuitBreakerOptions } from "./circuit-breaker.ts";
import { LatencyWindow } from "./latency-window.ts";

/** Times to the first byte that are remembered per provider. */
const latencySamples = 32;

/** What this replica has seen of one provider's work. Times are ms since the epoch. */
export class ProviderObservations {
  readonly #breaker: CircuitBreaker;
  readonly #latency = new LatencyWindow({ size: latencySamples });
  #lastBlame: "connection" | "request" = "request";
  #drainingUntil = 0;

  constructor(options: CircuitBreakerOptions) {
    this.#breaker = new CircuitBreaker(options);
  }

  /** True when a request may be sent to it now. */
  admits(now: number): boolean {
    return now >= this.#drainingUntil && this.#breaker.admits(now);
  }

  /** A request is sent to it; one of `delivered`, `failed` or `abandoned` follows. */
  entered(now: number): void {
    this.#breaker.enter(now);
  }

  /** The first byte has come. */
  firstByte(latencyMs: number): void {
    this.#latency.add(latencyMs);
  }

  /** A request was served whole. */
  delivered(now: number): void {
    this.#breaker.succeed(now);
  }

  /** A request failed: the connection, or the provider's work on it. */
  failed(blame: "connection" | "request", now: number): void {
    this.#lastBlame = blame;
    this.#breaker.fail(now);
  }

  /** A request ended in a way that says nothing about the provider. */
  abandoned(): void {
    this.#breaker.abandon();
  }

  /** It refused because it drains; believed until its next heartbeat should say so. */
  drains(until: number): void {
    this.#drainingUntil = until;
  }

  /** Whether and why its circuit is open. */
  circuit(now: number): "closed" | "connections-fail" | "requests-fail" {
    if (this.#breaker.state(now) === "closed") return "closed";
    return this.#lastBlame === "connection" ? "connections-fail" : "requests-fail";
  }

  /** True when it said that it drains and no heartbeat had time to say so. */
  isDraining(now: number): boolean {
    return now < this.#drainingUntil;
  }

  /** Observed median time to the first byte; undefined before the first. */
  latencyMs(): number | undefined {
    return this.#latency.median();
  }
}
