import { AnchorError } from "./anchor-error.ts";

/** What a transaction offers, wei per gas (EIP-1559). */
export interface Fees {
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

// Nodes take a replacement that pays at least a tenth (some an eighth) more; a quarter gets somewhere.
const raisePercent = 125n;

/**
 * Fees for a block with this base fee: it may double before the transaction is priced out. At most the limit; throws
 * AnchorError ANCHOR_FEE_TOO_HIGH when that does not even pay the base fee.
 */
export function chooseFees(baseFee: bigint, tip: bigint, limit: bigint): Fees {
  if (baseFee > limit) throw new AnchorError({ code: "ANCHOR_FEE_TOO_HIGH", baseFee, limit });
  const maxFeePerGas = min(2n * baseFee + tip, limit);
  return { maxFeePerGas, maxPriorityFeePerGas: min(tip, maxFeePerGas) };
}

/** Fees that replace a waiting transaction of the same nonce; undefined when that would take more than the limit. */
export function raiseFees(before: Fees, wanted: Fees, limit: bigint): Fees | undefined {
  const raised = (value: bigint): bigint => (value * raisePercent) / 100n + 1n;
  const maxPriorityFeePerGas = max(raised(before.maxPriorityFeePerGas), wanted.maxPriorityFeePerGas);
  const maxFeePerGas = max(max(raised(before.maxFeePerGas), wanted.maxFeePerGas), maxPriorityFeePerGas);
  return maxFeePerGas > limit ? undefined : { maxFeePerGas, maxPriorityFeePerGas };
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
