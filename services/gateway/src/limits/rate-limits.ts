import { Redis } from "ioredis";
import { DegradingRateLimiter } from "./degrading-rate-limiter.ts";
import { MemoryRateLimiter } from "./memory-rate-limiter.ts";
import type { RateLimiter } from "./rate-limiter.ts";
import { RedisRateLimiter } from "./redis-rate-limiter.ts";

/** The rate limits of a gateway, with what they need to run. */
export interface RateLimits extends RateLimiter {
  /** False while Redis is configured and does not answer. */
  readonly isShared: boolean;
  start(): void;
  stop(): void;
}

/** What rate limits work with. */
export interface RateLimitDependencies {
  readonly clock: { now(): number };
  /** Told of every failure of Redis. */
  degraded(error: unknown): void;
}

const NAMES_MAX = 100_000;
const COOLDOWN_MS = 1_000;
// A request waits this long for Redis at most; it usually answers in a fifth of a millisecond.
const COMMAND_TIMEOUT_MS = 100;
const RECONNECT_MS_MAX = 2_000;

/** Rate limits of this process alone, or shared through Redis when its URL is given. */
export function createRateLimits(redisUrl: string | undefined, dependencies: RateLimitDependencies): RateLimits {
  const local = new MemoryRateLimiter({ namesMax: NAMES_MAX }, dependencies);
  if (redisUrl === undefined) {
    return {
      isShared: true,
      take: (name, limit) => local.take(name, limit),
      start: () => undefined,
      stop: () => undefined,
    };
  }
  const redis = createRedis(redisUrl);
  const shared = new RedisRateLimiter({ redis });
  const limiter = new DegradingRateLimiter({ cooldownMs: COOLDOWN_MS }, { ...dependencies, shared, local });
  // Without a listener an error of the connection would end the process; commands report it to whoever waits.
  redis.on("error", () => undefined);
  return {
    get isShared() {
      return redis.status === "ready" && !limiter.isDegraded;
    },
    take: (name, limit) => limiter.take(name, limit),
    start: () => void redis.connect().catch(dependencies.degraded),
    stop: () => redis.disconnect(),
  };
}

/** Commands fail at once while there is no connection, so that requests do not queue up behind a cache. */
function createRedis(url: string): Redis {
  return new Redis(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_TIMEOUT_MS,
    connectTimeout: 1_000,
    retryStrategy: (attempt) => Math.min(attempt * 100, RECONNECT_MS_MAX),
  });
}
