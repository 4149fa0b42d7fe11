import type { FaultRule } from "@koinon/rpc/binding";
import type { ProviderFault } from "./errors.ts";

const retryAfterMs = 1_000;

/** How each fault surfaces. The market tries another provider for all of them, and blames this one only for what is its fault. */
export const providerFaults: Record<ProviderFault["code"], FaultRule> = {
  FIELD_INVALID: "INVALID_ARGUMENT",
  PRICE_UNKNOWN: "FAILED_PRECONDITION",
  PRICE_NOT_IN_FORCE: "FAILED_PRECONDITION",
  MANIFEST_NOT_OFFERED: "NOT_FOUND",
  ENDPOINT_NOT_SERVED: "FAILED_PRECONDITION",
  REQUEST_ALREADY_SERVED: "ALREADY_EXISTS",
  PROVIDER_OVERLOADED: { status: "RESOURCE_EXHAUSTED", retryAfterMs },
  PROVIDER_DRAINING: { status: "RESOURCE_EXHAUSTED", retryAfterMs },
  JOURNAL_FULL: { status: "RESOURCE_EXHAUSTED", retryAfterMs },
  ENGINE_OVERLOADED: { status: "RESOURCE_EXHAUSTED", retryAfterMs },
  ENGINE_UNAVAILABLE: { status: "UNAVAILABLE", retryAfterMs },
  ANSWER_BROKEN: "DATA_LOSS",
  KEY_FILE_INVALID: "INTERNAL",
  OFFER_INVALID: "INTERNAL",
  ENGINE_MISSING: "INTERNAL",
};
