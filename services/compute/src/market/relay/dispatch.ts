import type { Address } from "@koinon/secp256k1/address";
import { MarketError } from "../errors.ts";
import { type AttemptFailure, blameOf } from "./attempt.ts";
import type { OfferCandidate } from "./candidates.ts";
import type { InferenceRequest } from "./inference.ts";
import { type Opening, openAnswer } from "./open-answer.ts";
import type { ProviderAnswer } from "./provider-connection.ts";
import type { Place } from "./provider-slots.ts";
import type { RelayDependencies } from "./relay-dependencies.ts";
import type { Cover, ReservedRequest } from "./reserved-request.ts";

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
 * Tries candidates in order until one begins to answer; it is given up only as long as no byte of content has come. A candidate is asked when
 * it is covered, or while its cover is being written if that is likely to be granted: then `onDisk` tells whether it was. Throws a MarketError
 * when none answers, or the signal's reason.
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
    const cover = reserved.cover(candidate);
    let kept = false;
    try {
      const goesOn = cover.isLikely || (await cover.outcome) === "covered";
      const turn = { candidate, place, cover };
      const outcome = goesOn ? await tryCandidate(request, turn, reserved, signal, options, deps) : "NOT_COVERED";
      if (typeof outcome !== "string") {
        kept = true;
        return outcome;
      }
      if (outcome === "NOT_COVERED") {
        tally.notCovered = candidate.maxFee;
        continue;
      }
      tally.tried++;
      tally.last = outcome;
      reserved.attempted(outcome);
    } finally {
      if (!kept) place.leave();
    }
  }
  throw refusalOf(request, tally);
}

/** The answer, or why there is none: then it is known what became of the cover. */
async function tryCandidate(
  request: InferenceRequest,
  { candidate, place, cover }: { candidate: OfferCandidate; place: Place; cover: Cover },
  reserved: ReservedRequest,
  signal: AbortSignal,
  options: DispatchOptions,
  deps: RelayDependencies,
): Promise<DispatchedAnswer | AttemptFailure> {
  const { clock, metrics } = deps;
  const { observations } = candidate.entry;
  if (!(await admittedInTime(place, options.queueMs, signal))) return await unlessNotCovered("OVERLOADED", cover);
  const startedAt = clock.now();
  observations.entered(startedAt);
  reserved.dispatched();
  const answer = serve(request, candidate, reserved.consumer, signal, options, deps);
  callBackUnlessCovered(answer, cover);
  try {
    const opening = await withinTime(openAnswer(answer, signal), options.firstByteMs, answer);
    if (opening.kind !== "failure") {
      const latencyMs = clock.now() - startedAt;
      observations.firstByte(latencyMs);
      metrics.firstByte.record(latencyMs / 1_000);
      return { candidate, opening, answer, place };
    }
    answer.close();
    const failure = await unlessNotCovered(opening.failure, cover);
    if (failure === "NOT_COVERED") observations.abandoned();
    else blame(candidate, failure, deps);
    return failure;
  } catch (error) {
    answer.close();
    observations.abandoned();
    throw error;
  }
}

/** What a provider did that was asked in vain counts for nothing. Rejects like the cover. */
async function unlessNotCovered(failure: AttemptFailure, cover: Cover): Promise<AttemptFailure> {
  return (await cover.outcome) === "covered" ? failure : "NOT_COVERED";
}

function callBackUnlessCovered(answer: ProviderAnswer, { isLikely, outcome }: Cover): void {
  if (!isLikely) return;
  const close = () => answer.close();
  outcome.then((result) => result === "not-covered" && close(), close);
}

function serve(
  request: InferenceRequest,
  { provider, entry, offer, maxFee }: OfferCandidate,
  consumer: Address,
  signal: AbortSignal,
  { serveMs }: DispatchOptions,
  { connector, acknowledgements }: RelayDependencies,
): ProviderAnswer {
  const { requestId, endpoint, body } = request;
  const { subject, priceId } = offer;
  const settledReceipts = acknowledgements.take(provider);
  const call = { requestId, consumer, endpoint, body, subject, priceId, maxFee, settledReceipts };
  return connector.connect(entry.record.registration.endpoint).serve(call, { signal, timeoutMs: serveMs });
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
