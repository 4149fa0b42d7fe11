import type { BlockHeader } from "./block-header.ts";
import { type Fork, isActive } from "./fork.ts";

/** What a block's blobs may be and how their price moves; a fork's own or one of EIP-7892. */
export interface BlobParameters {
  /** Blobs per block. */
  readonly target: number;
  /** Blobs per block. */
  readonly max: number;
  readonly baseFeeUpdateFraction: bigint;
}

/** Blob gas of one blob (EIP-4844). */
export const gasPerBlob = 131_072n;

const baseFeePerBlobGasMin = 1n;

/** Execution gas whose price the blobs of a block may not fall below (EIP-7918). */
const blobBaseCost = 8_192n;

/** Price of blob gas in wei under this excess (EIP-4844, EIP-7691). */
export function baseFeePerBlobGas(excessBlobGas: bigint, { baseFeeUpdateFraction }: BlobParameters): bigint {
  return fakeExponential(baseFeePerBlobGasMin, excessBlobGas, baseFeeUpdateFraction);
}

/** The excess blob gas of the block after `parent`, under the new block's fork and blob parameters (EIP-4844, EIP-7918). */
export function nextExcessBlobGas(
  parent: Pick<BlockHeader, "excessBlobGas" | "blobGasUsed" | "baseFeePerGas">,
  fork: Fork,
  parameters: BlobParameters,
): bigint {
  const total = parent.excessBlobGas + parent.blobGasUsed;
  const target = BigInt(parameters.target) * gasPerBlob;
  if (total < target) return 0n;
  if (isActive(fork, "osaka")) {
    const reservePrice = blobBaseCost * parent.baseFeePerGas;
    if (reservePrice > gasPerBlob * baseFeePerBlobGas(parent.excessBlobGas, parameters)) {
      const { target: targetBlobs, max } = parameters;
      return parent.excessBlobGas + (parent.blobGasUsed * BigInt(max - targetBlobs)) / BigInt(max);
    }
  }
  return total - target;
}

/** factor × e^(numerator / denominator) by its Taylor series, rounded as EIP-4844 rounds it. */
function fakeExponential(factor: bigint, numerator: bigint, denominator: bigint): bigint {
  let sum = 0n;
  let term = factor * denominator;
  for (let index = 1n; term > 0n; index++) {
    sum += term;
    term = (term * numerator) / (denominator * index);
  }
  return sum / denominator;
}
