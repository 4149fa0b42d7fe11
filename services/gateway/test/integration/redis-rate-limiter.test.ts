import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { systemClock } from "@koinon/runtime/clock";
import { describeWithProgram } from "@koinon/testkit/program-suite";
import { type RedisServer, startRedis } from "@koinon/testkit/redis-server";
import { waitFor } from "@koinon/testkit/wait-for";
import { Redis } from "ioredis";
import { createRateLimit } from "../../src/limits/gcra.ts";
import { createRateLimits, type RateLimits } from "../../src/limits/rate-limits.ts";
import { RedisRateLimiter } from "../../src/limits/redis-rate-limiter.ts";
import { describeRateLimiter } from "../contracts/rate-limiter-suite.ts";

describeWithProgram("redis-server", "rate limits in Redis", () => {
  let server: RedisServer;
  let redis: Redis;
  let names = 0;

  beforeAll(async () => {
    server = await startRedis();
    redis = new Redis(server.url);
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });

  // Redis keeps its own time, so a few milliseconds of the test's time do not count.
  describeRateLimiter("contract", 2_000, async () => ({
    limiter: new RedisRateLimiter({ redis }),
    name: `name-${++names}`,
    pass: (ms) => delay(ms + 1),
  }));

  test("keys go by themselves when the burst is whole again", async () => {
    await new RedisRateLimiter({ redis }).take("expiring", createRateLimit(60_000));
    await waitFor(async () => (await redis.exists("koinon:gateway:rate:expiring")) === 0);
  });

  test("the script is sent again to a server that has forgotten it", async () => {
    const limiter = new RedisRateLimiter({ redis });
    await limiter.take("forgotten", createRateLimit(2));
    await redis.script("FLUSH");
    expect((await limiter.take("forgotten", createRateLimit(2))).remaining).toBe(0);
  });

  describe("of several replicas", () => {
    const replicas: RateLimits[] = [];
    const failures: unknown[] = [];
    const startReplica = async () => {
      const limits = createRateLimits(server.url, { clock: systemClock, degraded: (error) => failures.push(error) });
      replicas.push(limits);
      limits.start();
      await waitFor(() => limits.isShared);
      return limits;
    };
    afterEach(() => {
      for (const limits of replicas.splice(0)) limits.stop();
    });

    test("share one burst", async () => {
      const [a, b] = [await startReplica(), await startReplica()];
      const limit = createRateLimit(10);
      const verdicts = await Promise.all(
        Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? a : b).take("shared", limit)),
      );
      expect(verdicts.filter((verdict) => verdict.allowed)).toHaveLength(10);
    });

    test("go on with local limits while Redis is dead, and share again when it is back", async () => {
      const limits = await startReplica();
      const limit = createRateLimit(3);
      failures.length = 0;
      await server.kill();
      const verdicts = [];
      for (let request = 0; request < 5; request++) verdicts.push((await limits.take("degraded", limit)).allowed);
      expect(verdicts).toEqual([true, true, true, false, false]);
      expect(failures.length).toBeGreaterThan(0);
      expect(limits.isShared).toBe(false);
      await server.restart();
      await waitFor(() => limits.isShared, { deadlineMs: 10_000 });
      expect((await limits.take("degraded", limit)).allowed).toBe(true);
    });

    test("share as soon as Redis is there, when it was not at the start", async () => {
      await server.kill();
      const limits = createRateLimits(server.url, { clock: systemClock, degraded: (error) => failures.push(error) });
      replicas.push(limits);
      limits.start();
      expect((await limits.take("early", createRateLimit(1))).allowed).toBe(true);
      expect(limits.isShared).toBe(false);
      await server.restart();
      await waitFor(() => limits.isShared, { deadlineMs: 10_000 });
    });
  });
});
