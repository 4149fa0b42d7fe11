import type { Address } from "@koinon/secp256k1/address";
import type { MempoolRejection } from "./rejection.ts";
import type { SenderView } from "./sender-queue.ts";

/**
 * Who gave authorizations (EIP-7702) that wait in the pool. A delegated account's balance can go in somebody else's
 * transaction, so everything stacked on it may turn invalid at once: it, and whoever is about to be delegated, has one
 * transaction in flight.
 */
export class Delegations {
  private readonly counts = new Map<Address, number>();

  add(authorities: readonly Address[]): void {
    for (const authority of authorities) this.counts.set(authority, (this.counts.get(authority) ?? 0) + 1);
  }

  remove(authorities: readonly Address[]): void {
    for (const authority of authorities) {
      const count = this.counts.get(authority) ?? 0;
      if (count > 1) this.counts.set(authority, count - 1);
      else this.counts.delete(authority);
    }
  }

  /** Why a sender may not have another transaction with this nonce in flight; replacing is always allowed. */
  senderRejection(queue: SenderView, nonce: bigint): MempoolRejection | undefined {
    if (!queue.account.hasCode && !this.counts.has(queue.address)) return undefined;
    if (queue.pendingSize > 0) {
      return queue.getPending(nonce) === undefined ? { code: "DELEGATED_IN_FLIGHT_LIMIT" } : undefined;
    }
    return nonce === queue.nextNonce ? undefined : { code: "DELEGATED_NONCE_GAP" };
  }

  /** Why these may not be delegated: one of them has more than one transaction in the pool. */
  authorityRejection(
    authorities: readonly Address[],
    queueOf: (address: Address) => SenderView | undefined,
  ): MempoolRejection | undefined {
    const reserved = authorities.find((authority) => (queueOf(authority)?.size ?? 0) > 1);
    return reserved === undefined ? undefined : { code: "AUTHORITY_RESERVED", authority: reserved };
  }
}
