import { maxFeePerGas, maxPriorityFeePerGas, type RecoveredTransaction } from "@koinon/ethereum/transaction";

/** A transaction in the pool, with what its place in line follows from. */
export interface PooledTransaction extends RecoveredTransaction {
  /** Order of arrival in this pool. */
  readonly sequence: number;
  /** Milliseconds since the epoch. */
  readonly addedAtMs: number;
  /** The most wei it can take from its sender. */
  readonly cost: bigint;
  /** Wei per gas. */
  readonly maxFee: bigint;
  /** Wei per gas. */
  readonly maxTip: bigint;
  /** True while it can go into the next blocks: no nonce is missing before it and the sender can pay up to it. */
  isPending: boolean;
  /** Least `maxFee` of this one and the sender's before it: nobody gets at this one for more. */
  feeFloor: bigint;
  /** Least `maxTip` likewise. */
  tipFloor: bigint;
  /** Cost of this one and the sender's before it; kept while pending. */
  cumulativeCost: bigint;
}

/** A transaction as it enters the pool. */
export function createPooledTransaction(
  recovered: RecoveredTransaction,
  sequence: number,
  addedAtMs: number,
): PooledTransaction {
  const { transaction, raw, hash, sender } = recovered;
  const maxFee = maxFeePerGas(transaction);
  const maxTip = maxPriorityFeePerGas(transaction);
  return {
    transaction,
    raw,
    hash,
    sender,
    sequence,
    addedAtMs,
    cost: transaction.gasLimit * maxFee + transaction.value,
    maxFee,
    maxTip,
    isPending: false,
    feeFloor: maxFee,
    tipFloor: maxTip,
    cumulativeCost: 0n,
  };
}

/** True when `next` may take the place of `old`: both of its fees are higher, by at least so many percent. */
export function outbids(next: PooledTransaction, old: PooledTransaction, bumpPercent: bigint): boolean {
  const isEnough = (offered: bigint, before: bigint): boolean =>
    offered > before && offered >= (before * (100n + bumpPercent)) / 100n;
  return isEnough(next.maxFee, old.maxFee) && isEnough(next.maxTip, old.maxTip);
}
