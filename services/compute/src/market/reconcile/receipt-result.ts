import type { ReceiptMismatch } from "../relay/receipt-check.ts";

/** Why a receipt that was handed in is not settled now. */
export type RefusalReason =
  | RetryableReason
  /** The market never reserved anything for this request. */
  | "REQUEST_UNKNOWN"
  /** Another provider, or another price, answers the request by now. */
  | "RESERVATION_REPOINTED"
  | "RESERVATION_EXPIRED"
  /** Another receipt of its session was refused: sign the work again in a new session. */
  | "SESSION_ENDED"
  /** Another receipt was settled for the request. */
  | "SETTLED_OTHERWISE"
  | ReceiptMismatch;

/** Reasons that pass: hand the receipt in again. Every other reason is final for this receipt, and ends its session. */
export type RetryableReason =
  /** A market process still relays the request, or did a moment ago. */
  | "REQUEST_IN_FLIGHT"
  /** The receipt before in the session is not settled yet. */
  | "PREDECESSOR_MISSING";

const retryableReasons: ReadonlySet<string> = new Set<RetryableReason>(["REQUEST_IN_FLIGHT", "PREDECESSOR_MISSING"]);

/** True for a reason that passes by itself. */
export function isRetryableReason(reason: string): reason is RetryableReason {
  return retryableReasons.has(reason);
}

/** The fate of one receipt: settled, now or before, or the reason why not. A voided reservation's reason is passed on. */
export type ReceiptResult =
  | { readonly accepted: true }
  | { readonly accepted: false; readonly reason: RefusalReason | (string & {}) };
