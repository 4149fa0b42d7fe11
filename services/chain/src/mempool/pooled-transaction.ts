import {
  type EncodedTransaction,
  maxFeePerGas,
  maxPriorityFeePerGas,
  type TransactionPayload,
  tipWithin,
} from "@koinon/ethereum/transaction";

/**
 * A transaction in the pool: its bytes, and of its fields what its place in line follows from. Tens of thousands wait for seconds, and
 * whatever they hold is moved by every collection of garbage until it counts as old; so the other fields are decoded when a block takes
 * it. Those of EIP-7702 alone stay, because who gave an authorization is remembered with the authorization.
 */
export interface PooledTransaction extends EncodedTransaction {
  readonly nonce: bigint;
  readonly gasLimit: bigint;
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

/** A transaction as it enters the pool, behind another of its sender's where there is one: what both offer is kept once. */
export function createPooledTransaction(
  { raw, hash, sender }: EncodedTransaction,
  transaction: TransactionPayload,
  {
    sequence,
    addedAtMs,
    before,
  }: Pick<PooledTransaction, "sequence" | "addedAtMs"> & { readonly before: PooledTransaction | undefined },
): PooledTransaction {
  const maxFee = once(maxFeePerGas(transaction), before?.maxFee);
  const maxTip = once(maxPriorityFeePerGas(transaction), before?.maxTip);
  return {
    raw,
    hash,
    sender: before?.sender ?? sender,
    transaction: transaction.type === 4 ? transaction : undefined,
    nonce: transaction.nonce,
    gasLimit: once(transaction.gasLimit, before?.gasLimit),
    sequence,
    addedAtMs,
    cost: once(transaction.gasLimit * maxFee + transaction.value, before?.cost),
    maxFee,
    maxTip,
    isPending: false,
    feeFloor: maxFee,
    tipFloor: maxTip,
    cumulativeCost: 0n,
  };
}

/** The amount that is in memory already where it is the same. */
function once(amount: bigint, before: bigint | undefined): bigint {
  return before === amount ? before : amount;
}

/** True when `next` may take the place of `old`: both of its fees are higher, by at least so many percent. */
export function outbids(next: PooledTransaction, old: PooledTransaction, bumpPercent: bigint): boolean {
  const isEnough = (offered: bigint, before: bigint): boolean =>
    offered > before && offered >= (before * (100n + bumpPercent)) / 100n;
  return isEnough(next.maxFee, old.maxFee) && isEnough(next.maxTip, old.maxTip);
}

/** What the beneficiary gets per gas for it under a base fee, in wei; negative when that is not covered. */
export function tipOf({ maxFee, maxTip }: PooledTransaction, baseFeePerGas: bigint): bigint {
  return tipWithin(maxFee, maxTip, baseFeePerGas);
}
