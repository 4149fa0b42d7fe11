import type { BlockHeader } from "./block-header.ts";

/** Base fee of a chain's first block unless its genesis says otherwise, in wei (EIP-1559). */
export const initialBaseFeePerGas = 1_000_000_000n;

const elasticityMultiplier = 2n;
const changeDenominator = 8n;

/** The base fee per gas of the block after `parent`, in wei (EIP-1559). */
export function nextBaseFeePerGas(parent: Pick<BlockHeader, "baseFeePerGas" | "gasLimit" | "gasUsed">): bigint {
  const { baseFeePerGas, gasUsed } = parent;
  const gasTarget = parent.gasLimit / elasticityMultiplier;
  if (gasUsed === gasTarget) return baseFeePerGas;
  if (gasUsed < gasTarget) {
    return baseFeePerGas - (baseFeePerGas * (gasTarget - gasUsed)) / gasTarget / changeDenominator;
  }
  const increase = (baseFeePerGas * (gasUsed - gasTarget)) / gasTarget / changeDenominator;
  return baseFeePerGas + (increase > 0n ? increase : 1n);
}

/** Least gas limit of a block (yellow paper, section 4.3.4). */
export const gasLimitMin = 5000n;

/** True when a block may have this gas limit after that parent's: less than 1/1024 away, and at least `gasLimitMin`. */
export function isGasLimitAllowed(gasLimit: bigint, parentGasLimit: bigint): boolean {
  const distance = gasLimit > parentGasLimit ? gasLimit - parentGasLimit : parentGasLimit - gasLimit;
  return distance < parentGasLimit / 1024n && gasLimit >= gasLimitMin;
}
