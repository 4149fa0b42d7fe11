import { DomainError } from "@koinon/errors/domain-error";

/** What poi refuses or fails with. Codes are API. */
export type PoiFault =
  | { code: "RECEIPT_NOT_LOGGED" }
  | { code: "RECEIPT_REFUSED"; reason: string }
  | { code: "CHECKPOINT_PENDING"; index: bigint }
  | { code: "NO_CHECKPOINT" }
  | { code: "ANCHOR_PENDING"; index: bigint }
  | { code: "ANCHORING_OFF" }
  | { code: "TILE_NOT_FOUND"; path: string }
  | { code: "TREE_SIZE_UNKNOWN"; size: bigint; published: bigint }
  | { code: "REQUEST_INVALID"; field: string }
  | { code: "COSIGNATURE_INVALID"; reason: string }
  | { code: "WITNESS_UNKNOWN" }
  | { code: "CHECKPOINT_UNKNOWN"; size: bigint }
  | { code: "LOG_OF_ANOTHER_ORIGIN"; configured: string; stored: string }
  | { code: "LOG_KEY_INVALID"; reason: string }
  | { code: "TREE_MOVED"; expected: bigint }
  | { code: "SEQUENCER_OVERLOADED"; queued: number }
  | { code: "SEQUENCER_STOPPED" }
  | { code: "HOLD_FULL"; held: number };

export class PoiError extends DomainError<PoiFault> {}
