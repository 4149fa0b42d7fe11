import type { RateLimit, RateVerdict } from "./gcra.ts";
import type { RateLimiter } from "./rate-limiter.ts";

/** Options of the degrading limiter. */
export interface DegradingRateLimiterOptions {
  /** How long the shared limiter is left alone after it failed, in milliseconds. */
  readonly cooldownMs: number;
}

/**
 * Limits through Redis while it answers, else by the counts of this process alone. Refusing everything because a cache is
 * down would turn a lost counter into an outage; what a budget can lose stays bounded by the market's reservations, and a
 * client gets at most its limit once per replica.
 */
export class DegradingRateLimiter implements RateLimiter {
  readonly #cooldownMs: number;
  readonly #shared: RateLimiter;
  readonly #local: RateLimiter;
  readonly #clock: { now(): number };
  readonly #degraded: (error: unknown) => void;
  #sharedAgainAtMs = 0;

  constructor(
    options: DegradingRateLimiterOptions,
    dependencies: {
      readonly shared: RateLimiter;
      readonly local: RateLimiter;
      readonly clock: { now(): number };
      /** Told of every failure of the shared limiter. */
      degraded(error: unknown): void;
    },
  ) {
    this.#cooldownMs = options.cooldownMs;
    this.#shared = dependencies.shared;
    this.#local = dependencies.local;
    this.#clock = dependencies.clock;
    this.#degraded = dependencies.degraded;
  }

  /** True while decisions are made locally. */
  get isDegraded(): boolean {
    return this.#clock.now() < this.#sharedAgainAtMs;
  }

  async take(name: string, limit: RateLimit): Promise<RateVerdict> {
    if (this.isDegraded) return this.#local.take(name, limit);
    try {
      return await this.#shared.take(name, limit);
    } catch (error) {
      this.#sharedAgainAtMs = this.#clock.now() + this.#cooldownMs;
      this.#degraded(error);
      return this.#local.take(name, limit);
    }
  }
}
