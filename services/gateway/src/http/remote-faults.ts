import type { RpcError } from "@koinon/rpc/rpc-error";
import type { ErrorStatus } from "@koinon/rpc/status";
import type { ErrorType, HttpError } from "./http-error.ts";

interface Rule {
  readonly status: number;
  readonly type: ErrorType;
  readonly message: string;
  /** The request member at fault, where the code says it. */
  readonly param?: string;
  /** Used when the service itself named no time. */
  readonly retryAfterMs?: number;
}

/** What a failed call means when its reason is not listed below; exhaustive over gRPC's codes. */
const byStatus: Record<ErrorStatus, Rule> = {
  CANCELLED: { status: 503, type: "upstream_error", message: "The request was cancelled.", retryAfterMs: 1_000 },
  UNKNOWN: { status: 502, type: "upstream_error", message: "A service failed." },
  INVALID_ARGUMENT: { status: 400, type: "invalid_request_error", message: "The request was refused." },
  DEADLINE_EXCEEDED: { status: 504, type: "timeout_error", message: "The request took too long." },
  NOT_FOUND: { status: 404, type: "not_found_error", message: "What the request names does not exist." },
  ALREADY_EXISTS: { status: 409, type: "conflict_error", message: "The request was made before." },
  PERMISSION_DENIED: { status: 403, type: "permission_error", message: "The request is not allowed." },
  // Between services this is overload; the caller's own rate has been checked before.
  RESOURCE_EXHAUSTED: {
    status: 503,
    type: "overloaded_error",
    message: "A service has reached a limit.",
    retryAfterMs: 1_000,
  },
  FAILED_PRECONDITION: { status: 409, type: "conflict_error", message: "The request does not fit the present state." },
  ABORTED: { status: 409, type: "conflict_error", message: "The request collided with another." },
  OUT_OF_RANGE: { status: 400, type: "invalid_request_error", message: "A value is out of range." },
  UNIMPLEMENTED: { status: 501, type: "unsupported_error", message: "This is not supported." },
  INTERNAL: { status: 502, type: "upstream_error", message: "A service failed." },
  UNAVAILABLE: { status: 503, type: "overloaded_error", message: "A service is not available.", retryAfterMs: 1_000 },
  DATA_LOSS: { status: 502, type: "upstream_error", message: "A service failed." },
  // Between services: the caller's own key has been checked before.
  UNAUTHENTICATED: { status: 502, type: "upstream_error", message: "A service refused the gateway." },
};

/** Reasons that mean more than their gRPC code. The codes are API of the services that give them. */
const byReason: Readonly<Record<string, Rule>> = {
  // transport
  OVERLOADED: {
    status: 503,
    type: "overloaded_error",
    message: "A service has as many requests in hand as it takes.",
    retryAfterMs: 1_000,
  },
  DRAINING: { status: 503, type: "overloaded_error", message: "A service is restarting.", retryAfterMs: 1_000 },
  CALLER_REFUSED: { status: 502, type: "upstream_error", message: "A service refused the gateway." },
  METHOD_UNKNOWN: { status: 502, type: "upstream_error", message: "A service is of another version." },
  MESSAGE_TOO_LARGE: { status: 413, type: "invalid_request_error", message: "The request or its answer is too large." },
  MESSAGE_MALFORMED: { status: 502, type: "upstream_error", message: "A service is of another version." },
  // market
  INSUFFICIENT_FUNDS: {
    status: 402,
    type: "insufficient_quota",
    message: "The budget does not cover what this request may cost.",
  },
  MODEL_UNKNOWN: {
    status: 404,
    type: "model_not_found",
    message: "The model does not exist or nobody offers it; GET /v1/models lists those on offer.",
    param: "model",
  },
  MODEL_KIND_MISMATCH: {
    status: 400,
    type: "invalid_request_error",
    message: "The model is of another kind than this operation needs.",
    param: "model",
  },
  NO_PROVIDER_ALLOWED: {
    status: 400,
    type: "invalid_request_error",
    message: "Nobody who offers the model satisfies the routing headers.",
  },
  NO_PROVIDER_AVAILABLE: {
    status: 503,
    type: "overloaded_error",
    message: "Nobody who offers the model can take the request now.",
    retryAfterMs: 1_000,
  },
  MARKET_OVERLOADED: {
    status: 503,
    type: "overloaded_error",
    message: "The market has as many requests in hand as it takes.",
    retryAfterMs: 1_000,
  },
  BODY_TOO_LARGE: { status: 413, type: "invalid_request_error", message: "The request body is too large." },
  REQUEST_ALREADY_SEEN: {
    status: 409,
    type: "conflict_error",
    message: "This request was made before; its receipt tells what became of it.",
  },
  PROVIDERS_FAILED: { status: 502, type: "upstream_error", message: "Every provider that was tried failed." },
  ANSWER_BROKEN: { status: 502, type: "upstream_error", message: "The provider broke off its answer." },
  ANSWER_NOT_PROVED: {
    status: 502,
    type: "upstream_error",
    message: "The provider's receipt does not match its answer; it was not paid.",
  },
  RESERVATION_LOST: {
    status: 503,
    type: "upstream_error",
    message: "The reservation was given back before the answer began.",
    retryAfterMs: 1_000,
  },
  ACCOUNT_EXISTS: { status: 409, type: "conflict_error", message: "The budget exists already." },
  REQUEST_ID_REUSED: {
    status: 409,
    type: "conflict_error",
    message: "This request id was used for a different request.",
    param: "request_id",
  },
  PAGE_TOKEN_INVALID: {
    status: 400,
    type: "invalid_request_error",
    message: "The page token does not belong to this list.",
    param: "page_token",
  },
  ACCOUNT_UNKNOWN: { status: 404, type: "not_found_error", message: "The budget does not exist." },
  SETTLEMENT_UNKNOWN: { status: 404, type: "not_found_error", message: "There is no such request." },
  // poi
  WITNESS_UNKNOWN: {
    status: 403,
    type: "permission_error",
    message: "The log takes cosignatures only of the witnesses that its operator names (POI_WITNESSES).",
  },
  RECEIPT_REFUSED: { status: 409, type: "conflict_error", message: "The log refused this receipt." },
};

/** How a failed call to another service looks from outside. Facts are told for refusals, not for failures. */
export function httpErrorFromRpc(error: RpcError): HttpError {
  const rule = (Object.hasOwn(byReason, error.code) ? byReason[error.code] : undefined) ?? byStatus[error.status];
  const retryAfterMs = error.retryAfterMs ?? rule.retryAfterMs;
  return {
    status: rule.status,
    type: rule.type,
    code: error.code,
    message: rule.status < 500 ? withFacts(rule.message, error.facts) : rule.message,
    param: rule.param ?? error.facts.field ?? null,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

function withFacts(message: string, facts: Readonly<Record<string, string>>): string {
  const told = Object.entries(facts).map(([name, value]) => `${name}: ${value}`);
  return told.length === 0 ? message : `${message} (${told.join(", ")})`;
}
