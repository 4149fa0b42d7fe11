import { assertNever } from "@koinon/errors/invariant";
import type { GatewayFault } from "../gateway/fault.ts";
import type { Verdict } from "./verdict.ts";

/** How far the proof of one answer is. */
export type ProofState =
  | { readonly kind: "fetching"; readonly attempt: number }
  /** The bundle can not be had right now; it is asked for again. */
  | { readonly kind: "waiting"; readonly attempt: number; readonly fault: GatewayFault; readonly retryMs: number }
  | { readonly kind: "verifying" }
  | { readonly kind: "judged"; readonly verdict: Verdict }
  /** There is nothing to ask for any more, or asking again has not helped. */
  | { readonly kind: "gave-up"; readonly fault: GatewayFault }
  /** Verification itself failed to run: that is no verdict. */
  | { readonly kind: "unable"; readonly reason: string };

/** What happens to a proof. */
export type ProofEvent =
  | { readonly kind: "start" }
  | { readonly kind: "retry" }
  | { readonly kind: "bundle" }
  | { readonly kind: "fault"; readonly fault: GatewayFault }
  | { readonly kind: "verdict"; readonly verdict: Verdict }
  | { readonly kind: "unable"; readonly reason: string };

/** Asking stops after this many times; each may wait several seconds at the gateway. */
export const attemptsMax = 10;
const retryMsMax = 30_000;

/** Where a proof starts. */
export const firstProofState: ProofState = { kind: "fetching", attempt: 1 };

/** The state after an event. Events that do not fit the state, such as the answer to an abandoned question, change nothing. */
export function nextProofState(state: ProofState, event: ProofEvent): ProofState {
  switch (event.kind) {
    case "start":
      return firstProofState;
    case "retry":
      return state.kind === "waiting" ? { kind: "fetching", attempt: state.attempt + 1 } : state;
    case "bundle":
      return state.kind === "verifying" ? state : { kind: "verifying" };
    case "fault":
      return state.kind === "fetching" ? afterFault(state.attempt, event.fault) : state;
    case "verdict":
      return state.kind === "verifying" ? { kind: "judged", verdict: event.verdict } : state;
    case "unable":
      return state.kind === "verifying" ? { kind: "unable", reason: event.reason } : state;
    default:
      return assertNever(event);
  }
}

function afterFault(attempt: number, fault: GatewayFault): ProofState {
  const retryMs = retryMsOf(fault, attempt);
  if (retryMs === undefined || attempt >= attemptsMax) return { kind: "gave-up", fault };
  return { kind: "waiting", attempt, fault, retryMs: Math.min(retryMs, retryMsMax) };
}

/** How long to wait before asking again; undefined when that can not help. */
function retryMsOf(fault: GatewayFault, attempt: number): number | undefined {
  switch (fault.code) {
    case "NOT_LOGGED_YET":
    case "OVERLOADED":
    case "RATE_LIMITED":
      return fault.retryAfterMs;
    case "PROVIDER_FAILED":
    case "UNREACHABLE":
      return 1_000 * 2 ** attempt;
    // The settlement of a stopped answer takes a moment to be known at all.
    case "NOT_FOUND":
      return attempt <= 3 ? 700 * attempt : undefined;
    default:
      return undefined;
  }
}
