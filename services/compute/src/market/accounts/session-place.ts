import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
import type { SettleRequest } from "./money-store.ts";

/** The last settled receipt of a session. */
export interface SettledHead {
  readonly provider: Address;
  readonly consumer: Address;
  readonly sequence: bigint;
  readonly receiptId: Hex;
  readonly key: Address;
  readonly epoch: bigint;
}

/**
 * Whether a receipt is the next of its session. Settling follows the chain without gaps, so the last receipt is all that has to be known: what
 * comes at or before its place comes too late.
 */
export function settlePlace(
  head: SettledHead | undefined,
  { provider, sequence, previous, signedBy }: SettleRequest,
  consumer: Address,
): "next" | "predecessor-missing" | "chain-broken" {
  if (head === undefined) return sequence === 0n ? "next" : "predecessor-missing";
  if (head.provider !== provider || head.consumer !== consumer || sequence <= head.sequence) return "chain-broken";
  if (sequence > head.sequence + 1n) return "predecessor-missing";
  const keyFollows = signedBy.epoch > head.epoch || (signedBy.epoch === head.epoch && signedBy.key === head.key);
  return previous === head.receiptId && keyFollows ? "next" : "chain-broken";
}

/** The session's last receipt once this one is settled. */
export function headAfter({ provider, sequence, receiptId, signedBy }: SettleRequest, consumer: Address): SettledHead {
  return { provider, consumer, sequence, receiptId, key: signedBy.key, epoch: signedBy.epoch };
}
