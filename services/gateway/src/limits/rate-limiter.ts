import type { RateLimit, RateVerdict } from "./gcra.ts";

/** Counts requests against a limit per name. */
export interface RateLimiter {
  /** Spends one request of `name` if it fits; a refused request spends nothing. */
  take(name: string, limit: RateLimit): RateVerdict | Promise<RateVerdict>;
}
