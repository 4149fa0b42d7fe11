/**
 * GCRA, the generic cell rate algorithm (ITU-T I.371): a token bucket kept as one number, the theoretical arrival time of
 * the next conforming request. Times are whole microseconds, so that sums are exact in doubles and equal in Redis.
 */
export interface RateLimit {
  /** What one request costs, in microseconds. */
  readonly intervalUs: number;
  /** Requests that may be spent at once. */
  readonly burst: number;
}

/** The answer to one request for admission. */
export interface RateVerdict {
  readonly allowed: boolean;
  readonly limit: number;
  /** Requests that would be admitted right now, after this one. */
  readonly remaining: number;
  /** Milliseconds, rounded up, until a request is admitted again; 0 when admitted. */
  readonly retryAfterMs: number;
  /** Milliseconds, rounded up, until the full burst is available again. */
  readonly resetMs: number;
}

/** The bounds of `requests_per_minute`. */
export const REQUESTS_PER_MINUTE_MAX = 1_000_000;

/** A limit of so many requests per minute; a whole minute's allowance may be spent at once. */
export function createRateLimit(requestsPerMinute: number): RateLimit {
  if (
    !Number.isSafeInteger(requestsPerMinute) ||
    requestsPerMinute < 1 ||
    requestsPerMinute > REQUESTS_PER_MINUTE_MAX
  ) {
    throw new RangeError("requests per minute must be an integer from 1 to 1,000,000");
  }
  return { intervalUs: Math.floor(60_000_000 / requestsPerMinute), burst: requestsPerMinute };
}

/** How far the arrival time will run ahead of the clock if the request is admitted; refused when over the burst. */
export function aheadAfterUs(limit: RateLimit, arrivalUs: number, nowUs: number): number {
  return Math.max(arrivalUs, nowUs) - nowUs + limit.intervalUs;
}

/** Whether a request that would run so far ahead fits. */
function fits(limit: RateLimit, aheadUs: number): boolean {
  return aheadUs <= limit.burst * limit.intervalUs;
}

/** Puts a decision into words, from how far ahead the arrival time would run with this request counted. */
export function createVerdict(limit: RateLimit, aheadUs: number): RateVerdict {
  const toleranceUs = limit.burst * limit.intervalUs;
  if (!fits(limit, aheadUs)) {
    return {
      allowed: false,
      limit: limit.burst,
      remaining: 0,
      retryAfterMs: Math.ceil((aheadUs - toleranceUs) / 1000),
      resetMs: Math.ceil((aheadUs - limit.intervalUs) / 1000),
    };
  }
  return {
    allowed: true,
    limit: limit.burst,
    remaining: Math.floor((toleranceUs - aheadUs) / limit.intervalUs),
    retryAfterMs: 0,
    resetMs: Math.ceil(aheadUs / 1000),
  };
}
