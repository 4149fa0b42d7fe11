import { describe, expect, test } from "@jest/globals";
import { FakeClock } from "@koinon/testkit/fake-clock";
import fc from "fast-check";
import { describeRateLimiter } from "../../test/contracts/rate-limiter-suite.ts";
import { createRateLimit } from "./gcra.ts";
import { MemoryRateLimiter } from "./memory-rate-limiter.ts";

describeRateLimiter("rate limits in memory", 0, async () => {
  const clock = new FakeClock();
  return {
    limiter: new MemoryRateLimiter({ namesMax: 100 }, { clock }),
    name: "key",
    pass: async (ms) => clock.advance(ms),
  };
});

describe("rate limits in memory", () => {
  test("behave as a bucket that fills evenly, whatever the times of requests", () => {
    const times = fc.array(fc.integer({ min: 0, max: 90_000 }), { maxLength: 200 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), times, (requestsPerMinute, gaps) => {
        const clock = new FakeClock(1_000_000);
        const limiter = new MemoryRateLimiter({ namesMax: 10 }, { clock });
        const limit = createRateLimit(requestsPerMinute);
        const bucket = new Bucket(limit.burst, limit.intervalUs, clock.now());
        for (const gap of gaps) {
          clock.advance(gap % 700);
          const { allowed, remaining } = limiter.take("key", limit);
          expect({ allowed, remaining }).toEqual(bucket.take(clock.now()));
        }
      }),
    );
  });

  test("the name least recently used is forgotten first, and memory stays bounded", () => {
    const clock = new FakeClock();
    const limiter = new MemoryRateLimiter({ namesMax: 3 }, { clock });
    const limit = createRateLimit(2);
    for (const name of ["a", "b", "c", "a", "d"]) limiter.take(name, limit);
    expect(limiter.size).toBe(3);
    expect(limiter.take("a", limit).allowed).toBe(false);
    expect(limiter.take("b", limit).remaining).toBe(1);
  });

  test("a clock that goes back does not admit more", () => {
    const clock = new FakeClock();
    const limiter = new MemoryRateLimiter({ namesMax: 3 }, { clock });
    const limit = createRateLimit(1);
    limiter.take("a", limit);
    clock.advance(-10_000);
    expect(limiter.take("a", limit).allowed).toBe(false);
  });
});

/** The textbook token bucket, in whole microtokens of time, as an independent oracle. */
class Bucket {
  #levelUs: number;
  #atMs: number;
  readonly #sizeUs: number;
  readonly #costUs: number;

  constructor(burst: number, costUs: number, nowMs: number) {
    this.#sizeUs = burst * costUs;
    this.#costUs = costUs;
    this.#levelUs = this.#sizeUs;
    this.#atMs = nowMs;
  }

  take(nowMs: number): { allowed: boolean; remaining: number } {
    this.#levelUs = Math.min(this.#sizeUs, this.#levelUs + (nowMs - this.#atMs) * 1000);
    this.#atMs = nowMs;
    if (this.#levelUs < this.#costUs) return { allowed: false, remaining: 0 };
    this.#levelUs -= this.#costUs;
    return { allowed: true, remaining: Math.floor(this.#levelUs / this.#costUs) };
  }
}
