import type { RpcError } from "@koinon/rpc/rpc-error";

/** Why an attempt ended before the first byte of content; stable codes, kept with the settlement. */
export type AttemptFailure =
  /** No connection, or it broke before an answer. */
  | "UNREACHABLE"
  /** The provider's bound on concurrent requests is reached. */
  | "OVERLOADED"
  /** The provider is shutting down. */
  | "DRAINING"
  /** No content within the time allowed. */
  | "TIMED_OUT"
  /** The provider does not serve this: unknown price, model or endpoint. */
  | "REFUSED"
  /** It failed inside, or its stream ended without content. */
  | "BROKEN"
  /** Its messages were not in the order of the contract. */
  | "PROTOCOL_VIOLATED"
  /** The budget does not cover what this provider could charge. */
  | "NOT_COVERED";

/** What the circuit breaker learns from a failed attempt. */
export type Blame = "connection" | "request" | "none";

/** Whether a failure says that the provider can not be reached, that it fails, or nothing about its health. */
export function blameOf(failure: AttemptFailure): Blame {
  switch (failure) {
    case "UNREACHABLE":
      return "connection";
    case "TIMED_OUT":
    case "REFUSED":
    case "BROKEN":
    case "PROTOCOL_VIOLATED":
      return "request";
    case "OVERLOADED":
    case "DRAINING":
    case "NOT_COVERED":
      return "none";
  }
}

// The transport's own refusal, and the one that providers give while they finish what they have.
const drainingCodes: ReadonlySet<string> = new Set(["DRAINING", "PROVIDER_DRAINING"]);

/** Reads a failed call to a provider that has not delivered anything. */
export function failureFromRpcError(error: RpcError): AttemptFailure {
  if (drainingCodes.has(error.code)) return "DRAINING";
  switch (error.status) {
    case "UNAVAILABLE":
      return "UNREACHABLE";
    case "RESOURCE_EXHAUSTED":
      return "OVERLOADED";
    case "DEADLINE_EXCEEDED":
      return "TIMED_OUT";
    case "INVALID_ARGUMENT":
    case "NOT_FOUND":
    case "ALREADY_EXISTS":
    case "PERMISSION_DENIED":
    case "UNAUTHENTICATED":
    case "FAILED_PRECONDITION":
    case "OUT_OF_RANGE":
    case "UNIMPLEMENTED":
      return "REFUSED";
    case "CANCELLED":
    case "ABORTED":
    case "UNKNOWN":
    case "INTERNAL":
    case "DATA_LOSS":
      return "BROKEN";
  }
}
