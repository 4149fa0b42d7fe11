import { DomainError } from "@koinon/errors/domain-error";
import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
import type { AttemptFailure } from "./relay/attempt.ts";

/** Everything the market refuses, by stable code; how each surfaces over gRPC is in `rpc/fault-table.ts`. */
export type MarketFault =
  | { code: "FIELD_INVALID"; field: string; reason: string }
  | { code: "REGISTRATION_REFUSED"; part: "certificate" | "announcement" | "quote" | "manifest"; reason: string }
  | { code: "HEARTBEAT_REFUSED"; reason: string }
  | { code: "PROVIDER_NOT_ALLOWED"; provider: Address }
  | { code: "REGION_NOT_ALLOWED"; region: string }
  | { code: "ENDPOINT_NOT_ALLOWED"; endpoint: string }
  | { code: "ANNOUNCEMENT_STALE"; sequence: bigint; known: bigint }
  | { code: "PROVIDER_NAME_TAKEN"; name: string }
  | { code: "REGISTRY_FULL"; providersMax: number }
  | { code: "ACCOUNT_UNKNOWN"; account: string }
  | { code: "MODEL_UNKNOWN"; model: string }
  | { code: "MODEL_KIND_MISMATCH"; model: string; kind: "chat" | "embedding" }
  | { code: "NO_PROVIDER_ALLOWED"; model: string; excluded: number }
  | { code: "NO_PROVIDER_AVAILABLE"; model: string; providers: number }
  | { code: "MARKET_OVERLOADED"; limit: "requests" | "body-bytes" | "provider-queues" | "providers" | "settlements" }
  | { code: "BODY_TOO_LARGE"; sizeBytes: number; maxBytes: number }
  | { code: "REQUEST_ALREADY_SEEN"; requestId: Hex }
  | { code: "RESERVATION_LOST"; requestId: Hex }
  | { code: "INSUFFICIENT_FUNDS"; account: string; needed: bigint }
  | { code: "PROVIDERS_FAILED"; attempts: number; last: AttemptFailure }
  | { code: "ANSWER_BROKEN"; requestId: Hex; reason: string }
  | { code: "ANSWER_NOT_PROVED"; requestId: Hex; reason: string }
  | { code: "SETTLEMENT_UNKNOWN"; id: Hex };

/** A refusal of the market. */
export class MarketError extends DomainError<MarketFault> {}
