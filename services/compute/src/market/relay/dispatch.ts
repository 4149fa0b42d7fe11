import { MarketError } from "../errors.ts";
import { type AttemptFailure, blameOf } from "./attempt.ts";
import type { OfferCandidate } from "./candidates.ts";
import type { InferenceRequest } from "./inference.ts";
import { type Opening, openAnswer } from "./open-answer.ts";
import type { ProviderAnswer } from "./provider-connection.ts";
import type { Place } from "./provider-slots.ts";
import type { RelayDependencies } from "./relay-dependencies.ts";
import type { ReservedRequest } from "./reserved-request.ts";

/** How long and how often providers are tried. */
export interface DispatchOptions {
  /** Providers tried for one request. */
  readonly attemptsMax: number;
  /** Longest wait in line for a provider's slot, in ms. */
  readonly queueMs: number;
  /** Longest wait for the first byte, in ms; an answer that is not streamed has none before it is whole. */
  readonly firstByteMs: number;
  /** Longest time that a provider may take over a request, in ms. */
  readonly serveMs: number;
}

/** An answer that has begun, from the provider that gives it. */
export interface DispatchedAnswer {
  readonly candidate: OfferCandidate;
  readonly opening: Exclude<Opening, { kind: "failure" }>;
  readonly answer: ProviderAnswer;
  /** The provider's slot; left when the answer has ended. */
  readonly place: Place;
}

/**
 * Tries candidates in order until one begins to answer. Each is covered by the reservation before anything is sent to it, and given up only
 * as long as no byte of content has come. Throws a MarketError when none answers, or the signal's reason.
 */
export async function dispatch(
  request: InferenceRequest,
  candidates: readonly OfferCandidate[],
  reserved: ReservedRequest,
  signal: AbortSignal,
  options: DispatchOptions,
  deps: RelayDependencies,
): Promise<DispatchedAnswer> {
  const tally = {
    tried: 0,
    full: 0,
    notCovered: undefined as bigint | undefined,
    last: undefined as AttemptFailure | undefined,
  };
  for (const candidate of candidates) {
    if (tally.tried >= options.attemptsMax) break;
    // What was too dear once stays so: only a cheaper offer is worth another look at the budget.
    if (tally.notCovered !== undefined && candidate.maxFee >= tally.notCovered) continue;
    const place = deps.slots.enter(candidate.provider, candidate.capacity);
    if (place === undefined) {
      tally.full++;
      continue;
    }
    let kept = false;
    try {
      if ((await reserved.cover(candidate)) === "not-covered") {
        tally.notCovered = candidate.maxFee;
        continue;
      }
      tally.tried++;
      const outcome = await tryCandidate(request, candidate, place, reserved, signal, options, deps);
      if (typeof outcome !== "string") {
        kept = true;
        return outcome;
      }
      tally.last = outcome;
      reserved.attempted(outcome);
    } finally {
      if (!kept) place.leave();
    }
  }
  throw refusalOf(request, tally);
}

async function tryCandidate(
  request: InferenceRequest,
  candidate: OfferCandidate,
  place: Place,
  reserved: ReservedRequest,
  signal: AbortSignal,
  options: DispatchOptions,
  deps: RelayDependencies,
): Promise<DispatchedAnswer | AttemptFailure> {
  const { clock, metrics, connector } = deps;
  const { entry, offer } = candidate;
  if (!(await admittedInTime(place, options.queueMs, signal))) return "OVERLOADED";
  const { requestId, endpoint, body } = request;
  const { consumer } = reserved;
  const { subject, priceId } = offer;
  const startedAt = clock.now();
  entry.observations.entered(startedAt);
  reserved.dispatched();
  const settledReceipts = deps.acknowledgements.take(candidate.provider);
  const call = { requestId, consumer, endpoint, body, subject, priceId, maxFee: candidate.maxFee, settledReceipts };
  const answer = connector
    .connect(entry.record.registration.endpoint)
    .serve(call, { signal, timeoutMs: options.serveMs });
  const opening = await withinTime(openAnswer(answer, signal), options.firstByteMs, answer).catch((error: unknown) => {
    answer.close();
    entry.observations.abandoned();
    throw error;
  });
  if (opening.kind === "failure") {
    answer.close();
    blame(candidate, opening.failure, deps);
    return opening.failure;
  }
  const latencyMs = clock.now() - startedAt;
  entry.observations.firstByte(latencyMs);
  metrics.firstByte.record(latencyMs / 1_000);
  return { candidate, opening, answer, place };
}

function blame({ entry }: OfferCandidate, failure: AttemptFailure, { clock, registry }: RelayDependencies): void {
  const blamed = blameOf(failure);
  registry.count(entry.record.registration.provider, "failed");
  if (failure === "DRAINING") entry.observations.drains(clock.now() + registry.heartbeatIntervalMs);
  if (blamed === "none") entry.observations.abandoned();
  else entry.observations.failed(blamed, clock.now());
}

/** True when the request got its slot; false when it waited too long. */
async function admittedInTime(place: Place, queueMs: number, signal: AbortSignal): Promise<boolean> {
  if (place.isAdmitted) return true;
  const inTime = AbortSignal.any([signal, AbortSignal.timeout(queueMs)]);
  try {
    await place.admitted(inTime);
    return true;
  } catch (error) {
    signal.throwIfAborted();
    if (!inTime.aborted) throw error;
    return false;
  }
}

/** The opening, or `TIMED_OUT` when it takes longer; the provider's call is then cancelled. */
async function withinTime(opening: Promise<Opening>, firstByteMs: number, answer: ProviderAnswer): Promise<Opening> {
  const { promise: late, resolve } = Promise.withResolvers<Opening>();
  const timer = setTimeout(() => {
    answer.close();
    resolve({ kind: "failure", failure: "TIMED_OUT" });
  }, firstByteMs).unref();
  try {
    return await Promise.race([opening, late]);
  } finally {
    clearTimeout(timer);
  }
}

function refusalOf(
  request: InferenceRequest,
  tally: { tried: number; full: number; notCovered: bigint | undefined; last: AttemptFailure | undefined },
): MarketError {
  const { tried, full, notCovered, last } = tally;
  if (last === undefined) {
    if (notCovered !== undefined) {
      return new MarketError({ code: "INSUFFICIENT_FUNDS", account: request.accountId, needed: notCovered });
    }
    return new MarketError({ code: "MARKET_OVERLOADED", limit: "provider-queues" });
  }
  if (last === "OVERLOADED" && full + tried > 0)
    return new MarketError({ code: "MARKET_OVERLOADED", limit: "providers" });
  return new MarketError({ code: "PROVIDERS_FAILED", attempts: tried, last });
}
