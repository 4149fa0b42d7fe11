import { createHash } from "node:crypto";
import { DomainError, isFault } from "@koinon/errors/domain-error";
import { bytesToHex } from "@koinon/secp256k1/hex";
import type { Delivered } from "../accounts/money-store.ts";
import { MarketError } from "../errors.ts";
import type { RequestOutcome } from "../metrics.ts";
import { findCandidates } from "./candidates.ts";
import { type DispatchOptions, dispatch } from "./dispatch.ts";
import type { AnswerPart, InferenceRequest } from "./inference.ts";
import type { RelayDependencies } from "./relay-dependencies.ts";
import { RelayedAnswer, type RelayedAnswerOptions } from "./relayed-answer.ts";
import type { RequestGate } from "./request-gate.ts";
import { ReservedRequest, type ReservedRequestOptions } from "./reserved-request.ts";

/** How requests are relayed. */
export interface RelayOptions extends DispatchOptions, ReservedRequestOptions, RelayedAnswerOptions {}

const nothingDelivered: Delivered = { digest: bytesToHex(createHash("sha256").digest()), bytes: 0 };

/**
 * Relays one request: reserve, dispatch, pass the bytes on, check the receipt, settle. What becomes of the money in every other case is in
 * the outcome table of the README. Throws MarketError, or the signal's reason when the caller has gone.
 */
export async function* relayRequest(
  request: InferenceRequest,
  signal: AbortSignal,
  options: RelayOptions,
  deps: RelayDependencies & { readonly gate: RequestGate },
): AsyncGenerator<AnswerPart, void, undefined> {
  deps.gate.enter(request);
  let outcome: RequestOutcome = "cancelled";
  let reserved: ReservedRequest | undefined;
  let answer: RelayedAnswer | undefined;
  try {
    const consumer = await deps.accounts.consumerOf(request.accountId);
    reserved = new ReservedRequest(request, consumer, options, deps);
    let candidates = findCandidates(request, deps);
    for (;;) {
      const dispatched = await dispatch(request, candidates, reserved, signal, options, deps);
      answer = new RelayedAnswer(request, reserved, dispatched, signal, options, deps);
      try {
        yield* answer.parts();
        outcome = dispatched.opening.kind === "content" ? "served" : "engine-refused";
        return;
      } catch (error) {
        // It began to answer before it was known that the budget does not cover it; nothing of that has left.
        candidates = candidates.filter(({ maxFee }) => maxFee < dispatched.candidate.maxFee);
        if (!isFault(error, "INSUFFICIENT_FUNDS") || candidates.length === 0) throw error;
        answer.close();
        answer = undefined;
      }
    }
  } catch (error) {
    await reserved?.known();
    // A caller that has gone is no failure, and what was delivered to it is paid.
    if (!signal.aborted) {
      outcome = outcomeOf(error);
      if (reserved?.isOpen) reserved.void(error instanceof DomainError ? error.code : "INTERNAL");
    }
    throw error;
  } finally {
    answer?.close();
    if (reserved?.isOpen) reserved.abandon(answer?.delivered ?? nothingDelivered);
    deps.gate.leave(request);
    deps.metrics.requests.add(1, { outcome });
  }
}

function outcomeOf(error: unknown): RequestOutcome {
  if (!(error instanceof MarketError)) return "failed";
  switch (error.code) {
    case "PROVIDERS_FAILED":
      return "failed";
    case "ANSWER_BROKEN":
      return "broken";
    case "ANSWER_NOT_PROVED":
      return "not-proved";
    default:
      return "refused";
  }
}
