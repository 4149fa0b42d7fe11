import { assertNever } from "@koinon/errors/invariant";
import type { GatewayFault } from "./fault.ts";

/** A fault in words: what happened, and what a person can do. */
export interface FaultText {
  readonly title: string;
  readonly advice: string;
  /** What helps: trying again, another key, or a larger budget. */
  readonly remedy: "retry" | "key" | "budget" | "none";
}

/** The words for a fault. */
export function describeFault(fault: GatewayFault): FaultText {
  switch (fault.code) {
    case "NO_KEY":
      return text("No API key", "Enter a key to ask, or open the link that npm start printed.", "key");
    case "KEY_REFUSED":
      return text("The key was refused", fault.reason, "key");
    case "NOT_ALLOWED":
      return text("This key may not do that", fault.reason, "key");
    case "BUDGET_EXHAUSTED":
      return text("The budget does not cover this", `${fault.reason} A shorter answer costs less.`, "budget");
    case "RATE_LIMITED":
      return text(
        "Too many requests",
        `The key's rate limit is reached. Try again in ${seconds(fault.retryAfterMs)}.`,
        "retry",
      );
    case "OVERLOADED":
      return text("The network is busy", `${fault.reason} Try again in ${seconds(fault.retryAfterMs)}.`, "retry");
    case "NOT_LOGGED_YET":
      return text("Not logged yet", "The receipt waits for the log's next checkpoint.", "retry");
    case "NO_RECEIPT":
      return text("There is no receipt", `${fault.reason} Nothing was charged.`, "none");
    case "NOT_FOUND":
      return text("Not found", fault.reason, "none");
    case "MODULE_DISABLED":
      return text("Switched off here", fault.reason, "none");
    case "REFUSED":
      return text("The request was refused", fault.reason, "none");
    case "PROVIDER_FAILED":
      return text("No provider could answer", `${fault.reason} Nothing was charged.`, "retry");
    case "UNREACHABLE":
      return text(
        "The gateway can not be reached",
        "Check the connection, or whether the network is running.",
        "retry",
      );
    case "ANSWER_NOT_UNDERSTOOD":
      return text(
        "An answer made no sense",
        `The gateway's answer was not in the expected form (${fault.where}).`,
        "retry",
      );
    default:
      return assertNever(fault);
  }
}

function text(title: string, advice: string, remedy: FaultText["remedy"]): FaultText {
  return { title, advice, remedy };
}

function seconds(ms: number): string {
  const whole = Math.max(1, Math.ceil(ms / 1000));
  return whole === 1 ? "one second" : `${whole} seconds`;
}
