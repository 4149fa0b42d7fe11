import { aheadAfterUs, createVerdict, type RateLimit, type RateVerdict } from "./gcra.ts";
import type { RateLimiter } from "./rate-limiter.ts";

/** Options of the limiter in memory. */
export interface MemoryRateLimiterOptions {
  /** Most names remembered; beyond it the name least recently used is forgotten, and starts with a full burst again. */
  readonly namesMax: number;
}

/** Rate limits of one process. A single gateway uses it alone; several use it while Redis does not answer. */
export class MemoryRateLimiter implements RateLimiter {
  readonly #namesMax: number;
  readonly #clock: { now(): number };
  // A Map iterates in insertion order; each use moves a name to the end, so the first one is the least recently used.
  readonly #arrivals = new Map<string, number>();

  constructor(options: MemoryRateLimiterOptions, dependencies: { readonly clock: { now(): number } }) {
    this.#namesMax = options.namesMax;
    this.#clock = dependencies.clock;
  }

  get size(): number {
    return this.#arrivals.size;
  }

  take(name: string, limit: RateLimit): RateVerdict {
    const nowUs = this.#clock.now() * 1000;
    const arrivalUs = this.#arrivals.get(name);
    const aheadUs = aheadAfterUs(limit, arrivalUs ?? nowUs, nowUs);
    const verdict = createVerdict(limit, aheadUs);
    if (verdict.allowed) this.#remember(name, nowUs + aheadUs, arrivalUs !== undefined);
    return verdict;
  }

  #remember(name: string, arrivalUs: number, known: boolean): void {
    if (known) this.#arrivals.delete(name);
    else if (this.#arrivals.size >= this.#namesMax) {
      const oldest = this.#arrivals.keys().next();
      if (!oldest.done) this.#arrivals.delete(oldest.value);
    }
    this.#arrivals.set(name, arrivalUs);
  }
}
