import type { KeyCertificate } from "@koinon/receipts/certificate";
import type { Receipt } from "@koinon/receipts/receipt";
import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";

/** The last receipt of a session, and the key it was signed with. */
export interface SessionHead {
  readonly provider: Address;
  readonly consumer: Address;
  readonly sequence: bigint;
  readonly receiptId: Hex;
  readonly key: Address;
  /** The key's epoch. */
  readonly epoch: bigint;
}

/** The key that a receipt is signed with, as its certificate names it. */
export type SessionKey = Pick<KeyCertificate, "key" | "epoch">;

/**
 * How a receipt stands to its session: it comes next; it comes before its predecessor does ("early"); or it can never come,
 * because its place is taken or it names other parties, another predecessor or an older key ("conflict").
 */
export type SessionPlace = "next" | "early" | "conflict";

/** What of a receipt decides on its place. */
export type SessionLink = Pick<Receipt, "provider" | "consumer" | "sequence" | "previous">;

/** Where a receipt belongs in its session, given the session's last receipt; undefined for a session that has none yet. */
export function placeInSession(head: SessionHead | undefined, receipt: SessionLink, by: SessionKey): SessionPlace {
  // That a first receipt, and no other, has a zero predecessor is a rule of the document itself.
  if (head === undefined) return receipt.sequence === 0n ? "next" : "early";
  if (head.provider !== receipt.provider || head.consumer !== receipt.consumer) return "conflict";
  if (receipt.sequence <= head.sequence) return "conflict";
  if (receipt.sequence > head.sequence + 1n) return "early";
  return receipt.previous === head.receiptId && mayFollow(head, by) ? "next" : "conflict";
}

/** The session's head when this receipt is its last one. */
export function headOf(receipt: SessionLink, receiptId: Hex, { key, epoch }: SessionKey): SessionHead {
  return { provider: receipt.provider, consumer: receipt.consumer, sequence: receipt.sequence, receiptId, key, epoch };
}

/** Keys are replaced by later ones: within a session the epoch never falls, and one epoch has one key. */
function mayFollow(head: SessionHead, by: SessionKey): boolean {
  return by.epoch > head.epoch || (by.epoch === head.epoch && by.key === head.key);
}
