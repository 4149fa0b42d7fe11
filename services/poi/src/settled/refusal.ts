import type { RuleViolation } from "@koinon/contributions/receipt-rules";
import type { Hex } from "@koinon/secp256k1/hex";

/** Why an event does not become an entry. Codes are labels of a metric and stand in the database. */
export type RefusalReason =
  /** The event is not a SettledReceipt, or lacks a document. */
  | "EVENT_MALFORMED"
  /** A document is not canonical or breaks a rule of its own. */
  | "DOCUMENT_MALFORMED"
  /** A signature that no key makes. */
  | "SIGNATURE_MALFORMED"
  | RuleViolation
  /** The receipt says that it was finished in the future. */
  | "RECEIPT_FROM_FUTURE"
  /** Its place in the session is taken, or it names another predecessor. */
  | "SESSION_CONFLICT"
  /** Its predecessor did not come in time. */
  | "PREDECESSOR_MISSING";

/** An event that does not belong in the log. */
export interface Refusal {
  /** The receipt's id, or the SHA-256 of an event in which no receipt can be read. */
  readonly id: Hex;
  readonly reason: RefusalReason;
  /** For people; bounded. */
  readonly detail: string;
  /** The event, or its beginning. */
  readonly payload: Uint8Array;
}
