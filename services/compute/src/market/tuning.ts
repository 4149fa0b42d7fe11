import type { MarketConfig } from "./config.ts";
import type { StandingOptions } from "./registry/standing.ts";
import type { RelayOptions } from "./relay/relay.ts";
import type { CircuitBreakerOptions } from "./routing/circuit-breaker.ts";

/** Bounds that nobody should have to set. */
export const limits = {
  /** Sessions followed in memory: one per consumer and provider lately active, about 300 bytes each. */
  sessionsMax: 50_000,
  /** Accounts whose consumer is kept in memory. */
  accountsMax: 50_000,
  /** Certificate, quote and manifest of settlements kept in memory, a few KiB each. */
  documentsMax: 1_000,
  batchSize: 500,
  /** Room around a body in a request message. */
  envelopeBytes: 64 * 1024,
  /** A page of settlements with receipts and quotes, or of providers with manifests. */
  responseBytesMax: 32 * 1024 * 1024,
  /** A registry that was not read for so long is not the truth any more, in ms. */
  refreshBehindMs: 10_000,
  writer: { pendingMax: 4_096, retryMs: 20, retryMsMax: 1_000, predecessorMs: 3_000, sessionsMax: 50_000 },
} as const;

/** Calls that may be handled beside requests: registrations, heartbeats, receipts, look-ups. */
export const requestsBeside = 256;

/** When providers are left alone for failing: half of the last 20 requests within a minute, at least 4. */
export const breakerOptions: CircuitBreakerOptions = {
  windowSize: 20,
  windowMs: 60_000,
  outcomesMin: 4,
  failureRatio: 0.5,
  pauseMs: 1_000,
  pauseMsMax: 30_000,
};

export function standingOptions({ penaltyMs, penaltyMsMax, strikeMemoryMs }: MarketConfig): StandingOptions {
  return { penaltyMs, penaltyMsMax, strikeMemoryMs };
}

/** The longest way of a request, and then some: until then nobody else may touch its reservation. */
export function relayOptions(config: MarketConfig): RelayOptions {
  const { attemptsMax, queueMs, firstByteMs, serveMs, journalMs, answerBytesMax } = config;
  const reservationMs = queueMs + serveMs + journalMs + 60_000;
  return { attemptsMax, queueMs, firstByteMs, serveMs, journalMs, answerBytesMax, reservationMs };
}
