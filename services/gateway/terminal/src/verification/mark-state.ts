import { assertNever } from "@koinon/errors/invariant";
import type { ProofState } from "./proof-state.ts";
import { failedSteps, type Verdict } from "./verdict.ts";

/**
 * What the mark says. "verified" stands for: this very text was signed, paid for and logged. "partial": the receipt is good, but
 * the text here is not all that it is for. "unproven": there is no receipt.
 */
export type MarkState = "checking" | "pending" | "verified" | "failed" | "partial" | "unproven";

/** The mark of one answer. */
export interface Mark {
  readonly state: MarkState;
  readonly label: string;
  /** One sentence more. */
  readonly detail: string;
}

/** How the exchange ended, as far as the mark depends on it. */
export type AnswerEnding = "complete" | "stopped" | "broken";

const notYetLogged: Mark = {
  state: "pending",
  label: "Not yet logged",
  detail: "The receipt waits for the log's next checkpoint.",
};

/** The mark for a proof. */
export function markOf(state: ProofState, ending: AnswerEnding): Mark {
  switch (state.kind) {
    case "fetching":
      // Asked again after it was told to wait: for the person it is still the same waiting.
      if (state.attempt > 1) return notYetLogged;
      return { state: "checking", label: "Checking…", detail: "Fetching the proof from the gateway." };
    case "verifying":
      return { state: "checking", label: "Checking…", detail: "Verifying the proof in this browser." };
    case "waiting":
      return waitingMark(state);
    case "judged":
      return verdictMark(state.verdict, ending);
    case "gave-up":
      return gaveUpMark(state);
    case "unable":
      return { state: "pending", label: "Not checked", detail: state.reason };
    default:
      return assertNever(state);
  }
}

/** The mark for a verdict. */
export function verdictMark(verdict: Verdict, ending: AnswerEnding): Mark {
  if (verdict.valid && verdict.textChecked) {
    return {
      state: "verified",
      label: "Verified",
      detail: "This text was signed by its provider and stands in the log.",
    };
  }
  if (verdict.valid) {
    return {
      state: "partial",
      label: "Receipt verified",
      detail: "The receipt holds. The text itself was not checked: its bytes are not here.",
    };
  }
  if (ending === "stopped" && isOnlyCutShort(verdict)) {
    const detail = "The receipt holds. It covers more of the answer than arrived before you stopped it.";
    return { state: "partial", label: "Receipt verified", detail };
  }
  return { state: "failed", label: "Failed", detail: whatFails(verdict) };
}

/** Which steps do not hold, in words. */
export function whatFails(verdict: Verdict): string {
  const [first, ...more] = failedSteps(verdict);
  if (first === undefined) return "Not everything could be checked.";
  const others =
    more.length === 0 ? "" : `, nor ${more.length === 1 ? "does one more step" : `do ${more.length} more steps`}`;
  return `This does not hold: “${first.title}”${others}.`;
}

/** True when all that fails is that fewer bytes are here than were signed, which is what stopping does. */
function isOnlyCutShort(verdict: Verdict): boolean {
  const onlyBytes = failedSteps(verdict).every(({ name }) => name === "response-bytes");
  const cancelled = 1;
  return onlyBytes && verdict.facts?.receipt.outcome === cancelled;
}

function waitingMark({ fault }: Extract<ProofState, { kind: "waiting" }>): Mark {
  if (fault.code === "NOT_LOGGED_YET" || fault.code === "NOT_FOUND") {
    return notYetLogged;
  }
  return {
    state: "pending",
    label: "Not checked yet",
    detail: "The gateway does not hand out the proof right now; asking again.",
  };
}

function gaveUpMark({ fault }: Extract<ProofState, { kind: "gave-up" }>): Mark {
  switch (fault.code) {
    case "NO_RECEIPT":
    case "NOT_FOUND":
      return { state: "unproven", label: "No receipt", detail: "This answer has no receipt and was not charged." };
    case "NOT_LOGGED_YET":
      return {
        state: "pending",
        label: "Not yet logged",
        detail: "The receipt has not reached the log. Check again later.",
      };
    default:
      return { state: "pending", label: "Not checked", detail: "The proof could not be fetched. Check again later." };
  }
}
