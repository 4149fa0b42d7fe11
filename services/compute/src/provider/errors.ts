import { DomainError } from "@koinon/errors/domain-error";
import type { Hex } from "@koinon/secp256k1/hex";

/** Everything a provider refuses or fails at, by stable code; how each surfaces over gRPC is in `fault-table.ts`. */
export type ProviderFault =
  | { code: "FIELD_INVALID"; field: string; reason: string }
  | { code: "PRICE_UNKNOWN"; priceId: Hex }
  | { code: "PRICE_NOT_IN_FORCE"; priceId: Hex }
  | { code: "MANIFEST_NOT_OFFERED"; manifest: Hex }
  | { code: "ENDPOINT_NOT_SERVED"; endpoint: string; kind: "chat" | "embedding" }
  | { code: "REQUEST_ALREADY_SERVED"; requestId: Hex }
  | { code: "PROVIDER_OVERLOADED"; active: number; queued: number }
  | { code: "PROVIDER_DRAINING" }
  | { code: "JOURNAL_FULL"; pending: number }
  | { code: "ENGINE_OVERLOADED" }
  | { code: "ENGINE_UNAVAILABLE"; reason: string }
  | { code: "ANSWER_BROKEN"; reason: string }
  | { code: "KEY_FILE_INVALID"; file: string; reason: string }
  | { code: "OFFER_INVALID"; model: string; reason: string }
  | { code: "ENGINE_MISSING"; hint: string };

export class ProviderError extends DomainError<ProviderFault> {}
