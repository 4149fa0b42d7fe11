import { beforeEach, describe, expect, test } from "@jest/globals";
import { createRateLimit } from "../../src/limits/gcra.ts";
import type { RateLimiter } from "../../src/limits/rate-limiter.ts";

/** A limiter under test, with a name that no other test uses. */
export interface LimiterUnderTest {
  readonly limiter: RateLimiter;
  readonly name: string;
  /** Lets so many milliseconds pass. */
  pass(ms: number): Promise<void>;
}

/** What every rate limiter does. `slackMs` is how much later than the test thinks the limiter's clock may stand. */
export function describeRateLimiter(title: string, slackMs: number, setUp: () => Promise<LimiterUnderTest>): void {
  describe(title, () => {
    let limiter: RateLimiter;
    let name: string;
    let pass: LimiterUnderTest["pass"];
    beforeEach(async () => {
      ({ limiter, name, pass } = await setUp());
    });

    test("a whole burst is admitted, the next request refused", async () => {
      const limit = createRateLimit(5);
      for (let spent = 1; spent <= 5; spent++) {
        const verdict = await limiter.take(name, limit);
        expect(verdict).toMatchObject({ allowed: true, limit: 5, remaining: 5 - spent, retryAfterMs: 0 });
        expect(verdict.resetMs).toBeLessThanOrEqual(12_000 * spent);
        expect(verdict.resetMs).toBeGreaterThanOrEqual(12_000 * spent - slackMs);
      }
      const refused = await limiter.take(name, limit);
      expect(refused).toMatchObject({ allowed: false, remaining: 0 });
      expect(refused.retryAfterMs).toBeLessThanOrEqual(12_000);
      expect(refused.retryAfterMs).toBeGreaterThanOrEqual(12_000 - slackMs);
    });

    test("a refused request spends nothing, and after retryAfterMs exactly one is admitted", async () => {
      const limit = createRateLimit(6_000);
      while ((await limiter.take(name, limit)).allowed);
      for (let attempt = 0; attempt < 20; attempt++) await limiter.take(name, limit);
      // Where time goes by itself, some of these were admitted.
      let refused = await limiter.take(name, limit);
      while (refused.allowed) refused = await limiter.take(name, limit);
      const { retryAfterMs } = refused;
      expect(retryAfterMs).toBeLessThanOrEqual(10);
      await pass(Math.max(1, retryAfterMs));
      expect((await limiter.take(name, limit)).allowed).toBe(true);
    });

    test("names do not share", async () => {
      const limit = createRateLimit(1);
      expect((await limiter.take(name, limit)).allowed).toBe(true);
      expect((await limiter.take(`${name}-other`, limit)).allowed).toBe(true);
      expect((await limiter.take(name, limit)).allowed).toBe(false);
    });

    test("requests at the same time share one burst", async () => {
      const limit = createRateLimit(10);
      const verdicts = await Promise.all(Array.from({ length: 100 }, () => limiter.take(name, limit)));
      expect(verdicts.filter((verdict) => verdict.allowed)).toHaveLength(10);
    });

    test("a limit that was raised admits again after one of its own intervals", async () => {
      for (let spent = 0; spent < 3; spent++) await limiter.take(name, createRateLimit(3));
      expect((await limiter.take(name, createRateLimit(3))).allowed).toBe(false);
      await pass(60);
      expect((await limiter.take(name, createRateLimit(3))).allowed).toBe(false);
      expect((await limiter.take(name, createRateLimit(1_000))).allowed).toBe(true);
    });
  });
}
