import { createHash } from "node:crypto";
import { createVerdict, type RateLimit, type RateVerdict } from "./gcra.ts";
import type { RateLimiter } from "./rate-limiter.ts";

/** The two commands of Redis that the limiter needs; an ioredis client has them. */
export interface ScriptRunner {
  evalsha(sha: string, keys: number, ...args: (string | number)[]): Promise<unknown>;
  eval(script: string, keys: number, ...args: (string | number)[]): Promise<unknown>;
}

// One round trip, atomic, on the server's own clock, so that replicas whose clocks differ agree. "%.0f" keeps all digits:
// Lua's default conversion rounds a microsecond time to 14 digits. The key expires when the burst is whole again.
const SCRIPT = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval = tonumber(ARGV[1])
local arrival = tonumber(redis.call('GET', KEYS[1]) or now)
local ahead = math.max(arrival, now) - now + interval
if ahead <= interval * tonumber(ARGV[2]) then
  redis.call('SET', KEYS[1], string.format('%.0f', now + ahead), 'PX', math.ceil(ahead / 1000))
end
return ahead`;
const SCRIPT_SHA = createHash("sha1").update(SCRIPT).digest("hex"); // the name EVALSHA knows a script by, not a security measure

/** Rate limits shared by all replicas that use the same Redis. Rejects when Redis does not answer. */
export class RedisRateLimiter implements RateLimiter {
  readonly #redis: ScriptRunner;

  constructor(dependencies: { readonly redis: ScriptRunner }) {
    this.#redis = dependencies.redis;
  }

  async take(name: string, limit: RateLimit): Promise<RateVerdict> {
    const aheadUs = await this.#run(`koinon:gateway:rate:${name}`, limit);
    // A reply that is no number would admit or refuse at will; NaN is neither, so it is an error.
    if (typeof aheadUs !== "number" || !Number.isSafeInteger(aheadUs))
      throw new TypeError("the rate limit script answered no integer");
    return createVerdict(limit, aheadUs);
  }

  async #run(key: string, limit: RateLimit): Promise<unknown> {
    try {
      return await this.#redis.evalsha(SCRIPT_SHA, 1, key, limit.intervalUs, limit.burst);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
      return this.#redis.eval(SCRIPT, 1, key, limit.intervalUs, limit.burst);
    }
  }
}
