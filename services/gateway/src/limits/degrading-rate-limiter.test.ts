import { describe, expect, test } from "@jest/globals";
import { FakeClock } from "@koinon/testkit/fake-clock";
import { DegradingRateLimiter } from "./degrading-rate-limiter.ts";
import { createRateLimit } from "./gcra.ts";
import { MemoryRateLimiter } from "./memory-rate-limiter.ts";
import type { RateLimiter } from "./rate-limiter.ts";

function setUp() {
  const clock = new FakeClock();
  const remote = { calls: 0, isDown: false, inner: new MemoryRateLimiter({ namesMax: 10 }, { clock }) };
  const shared: RateLimiter = {
    take: async (name, limit) => {
      remote.calls += 1;
      if (remote.isDown) throw new Error("down");
      return remote.inner.take(name, limit);
    },
  };
  const failures: unknown[] = [];
  const limiter = new DegradingRateLimiter(
    { cooldownMs: 1_000 },
    {
      shared,
      local: new MemoryRateLimiter({ namesMax: 10 }, { clock }),
      clock,
      degraded: (error) => failures.push(error),
    },
  );
  return { clock, remote, limiter, failures };
}

describe("rate limits while Redis is down", () => {
  test("limits hold locally, the failure is told, and Redis is left alone for a while", async () => {
    const { remote, limiter, failures } = setUp();
    remote.isDown = true;
    const limit = createRateLimit(3);
    const allowed: boolean[] = [];
    for (let request = 0; request < 5; request++) allowed.push((await limiter.take("a", limit)).allowed);
    expect(allowed).toEqual([true, true, true, false, false]);
    expect(failures).toHaveLength(1);
    expect(remote.calls).toBe(1);
    expect(limiter.isDegraded).toBe(true);
  });

  test("shared limits are back after the cool-down", async () => {
    const { clock, remote, limiter } = setUp();
    const limit = createRateLimit(2);
    await limiter.take("a", limit);
    remote.isDown = true;
    await limiter.take("a", limit);
    remote.isDown = false;
    clock.advance(1_000);
    expect(limiter.isDegraded).toBe(false);
    expect((await limiter.take("a", limit)).remaining).toBe(0);
    expect(remote.calls).toBe(3);
  });
});
