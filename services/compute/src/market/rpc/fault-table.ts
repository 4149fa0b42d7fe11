import type { DatabaseFault } from "@koinon/postgres/database-error";
import type { PageTokenFault } from "@koinon/postgres/page-token";
import type { FaultRule } from "@koinon/rpc/binding";
import type { AccountsFault } from "../accounts/errors.ts";
import type { MarketFault } from "../errors.ts";

type Code = (MarketFault | AccountsFault | DatabaseFault | PageTokenFault)["code"];

const again = (retryAfterMs: number): FaultRule => ({ status: "UNAVAILABLE", retryAfterMs });
const overloaded: FaultRule = { status: "RESOURCE_EXHAUSTED", retryAfterMs: 1_000 };

/** How every fault of the market surfaces over gRPC; the compiler keeps it complete. */
export const marketFaults: Record<Code, FaultRule> = {
  FIELD_INVALID: "INVALID_ARGUMENT",
  REGISTRATION_REFUSED: "INVALID_ARGUMENT",
  HEARTBEAT_REFUSED: "INVALID_ARGUMENT",
  PROVIDER_NOT_ALLOWED: "PERMISSION_DENIED",
  REGION_NOT_ALLOWED: "PERMISSION_DENIED",
  ENDPOINT_NOT_ALLOWED: "PERMISSION_DENIED",
  ANNOUNCEMENT_STALE: "FAILED_PRECONDITION",
  PROVIDER_NAME_TAKEN: "ALREADY_EXISTS",
  REGISTRY_FULL: "RESOURCE_EXHAUSTED",
  ACCOUNT_UNKNOWN: "NOT_FOUND",
  ACCOUNT_EXISTS: "ALREADY_EXISTS",
  REQUEST_ID_REUSED: "ALREADY_EXISTS",
  MODEL_UNKNOWN: "NOT_FOUND",
  MODEL_KIND_MISMATCH: "INVALID_ARGUMENT",
  NO_PROVIDER_ALLOWED: "FAILED_PRECONDITION",
  NO_PROVIDER_AVAILABLE: again(1_000),
  MARKET_OVERLOADED: overloaded,
  BODY_TOO_LARGE: "INVALID_ARGUMENT",
  REQUEST_ALREADY_SEEN: "ALREADY_EXISTS",
  RESERVATION_LOST: "ABORTED",
  // Not RESOURCE_EXHAUSTED, which callers take for "try again": a budget does not fill up by waiting.
  INSUFFICIENT_FUNDS: "FAILED_PRECONDITION",
  PROVIDERS_FAILED: again(1_000),
  ANSWER_BROKEN: "DATA_LOSS",
  ANSWER_NOT_PROVED: "DATA_LOSS",
  SETTLEMENT_UNKNOWN: "NOT_FOUND",
  PAGE_TOKEN_INVALID: "INVALID_ARGUMENT",
  DATABASE_UNREACHABLE: again(1_000),
  DATABASE_OVERLOADED: overloaded,
  LOCK_TIMEOUT: again(1_000),
  STATEMENT_TIMEOUT: again(1_000),
  SERIALIZATION_FAILURE: again(100),
  UNIQUE_VIOLATION: "INTERNAL",
  CONSTRAINT_VIOLATION: "INTERNAL",
  QUERY_REFUSED: "INTERNAL",
};
