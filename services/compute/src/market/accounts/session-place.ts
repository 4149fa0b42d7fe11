import { headOf, placeInSession, type SessionHead } from "@koinon/contributions/session-rules";
import type { Address } from "@koinon/secp256k1/address";
import type { SettleRequest } from "./money-store.ts";

/**
 * Whether a receipt is the next of its session, by the rules of the log. Settling follows the chain without gaps, so the last receipt is all
 * that has to be known: what comes at or before its place comes too late.
 */
export function settlePlace(
  head: SessionHead | undefined,
  request: SettleRequest,
  consumer: Address,
): "next" | "predecessor-missing" | "chain-broken" {
  const place = placeInSession(head, { ...request, consumer }, request.signedBy);
  return place === "early" ? "predecessor-missing" : place === "conflict" ? "chain-broken" : place;
}

/** The session's last receipt once this one is settled. */
export function headAfter(request: SettleRequest, consumer: Address): SessionHead {
  return headOf({ ...request, consumer }, request.receiptId, request.signedBy);
}
