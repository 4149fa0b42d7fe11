import { isGasLimitAllowed, nextBaseFeePerGas } from "./base-fee.ts";
import { gasPerBlob, nextExcessBlobGas } from "./blob-fee.ts";
import { type BlockHeader, emptyUnclesHash, zeroNonce } from "./block-header.ts";
import { isActive } from "./fork.ts";
import type { ForkSchedule } from "./fork-schedule.ts";

/** Why a header can not follow its parent. */
export type HeaderRuleFault =
  | { code: "NUMBER_WRONG"; number: bigint; expected: bigint }
  | { code: "TIMESTAMP_NOT_AFTER_PARENT"; timestamp: bigint; parent: bigint }
  | { code: "DIFFICULTY_NOT_ZERO"; difficulty: bigint }
  | { code: "NONCE_NOT_ZERO" }
  | { code: "UNCLES_HASH_WRONG" }
  | { code: "GAS_LIMIT_WRONG"; gasLimit: bigint; parent: bigint }
  | { code: "GAS_USED_ABOVE_LIMIT"; gasUsed: bigint; gasLimit: bigint }
  | { code: "BASE_FEE_WRONG"; baseFeePerGas: bigint; expected: bigint }
  | { code: "BLOB_GAS_USED_WRONG"; blobGasUsed: bigint }
  | { code: "EXCESS_BLOB_GAS_WRONG"; excessBlobGas: bigint; expected: bigint }
  | { code: "REQUESTS_HASH_PRESENCE_WRONG" };

/** Gas limits are below 2^63 (EIP-1985, and every client). */
const gasLimitMax = 2n ** 63n - 1n;

/**
 * Checks everything that a header and its parent's show without the block's content; undefined when nothing is wrong. That
 * `parent` is the parent by hash is the caller's to know.
 */
export function headerRuleFault(
  header: BlockHeader,
  parent: BlockHeader,
  forks: ForkSchedule,
): HeaderRuleFault | undefined {
  return identityFault(header, parent, forks) ?? gasFault(header, parent) ?? blobFault(header, parent, forks);
}

function identityFault(header: BlockHeader, parent: BlockHeader, forks: ForkSchedule): HeaderRuleFault | undefined {
  const { number, timestamp, difficulty } = header;
  if (number !== parent.number + 1n) return { code: "NUMBER_WRONG", number, expected: parent.number + 1n };
  if (timestamp <= parent.timestamp) {
    return { code: "TIMESTAMP_NOT_AFTER_PARENT", timestamp, parent: parent.timestamp };
  }
  if (difficulty !== 0n) return { code: "DIFFICULTY_NOT_ZERO", difficulty };
  if (header.nonce !== zeroNonce) return { code: "NONCE_NOT_ZERO" };
  if (header.unclesHash !== emptyUnclesHash) return { code: "UNCLES_HASH_WRONG" };
  if ((header.requestsHash !== undefined) !== isActive(forks.forkAt(timestamp), "prague")) {
    return { code: "REQUESTS_HASH_PRESENCE_WRONG" };
  }
  return undefined;
}

function gasFault(header: BlockHeader, parent: BlockHeader): HeaderRuleFault | undefined {
  const { gasLimit, gasUsed, baseFeePerGas } = header;
  if (gasLimit > gasLimitMax || !isGasLimitAllowed(gasLimit, parent.gasLimit)) {
    return { code: "GAS_LIMIT_WRONG", gasLimit, parent: parent.gasLimit };
  }
  if (gasUsed > gasLimit) return { code: "GAS_USED_ABOVE_LIMIT", gasUsed, gasLimit };
  const expected = nextBaseFeePerGas(parent);
  return baseFeePerGas === expected ? undefined : { code: "BASE_FEE_WRONG", baseFeePerGas, expected };
}

function blobFault(header: BlockHeader, parent: BlockHeader, forks: ForkSchedule): HeaderRuleFault | undefined {
  const { blobGasUsed, excessBlobGas, timestamp } = header;
  const blobs = forks.blobsAt(timestamp);
  if (blobGasUsed % gasPerBlob !== 0n || blobGasUsed > BigInt(blobs.max) * gasPerBlob) {
    return { code: "BLOB_GAS_USED_WRONG", blobGasUsed };
  }
  const expected = nextExcessBlobGas(parent, forks.forkAt(timestamp), blobs);
  return excessBlobGas === expected ? undefined : { code: "EXCESS_BLOB_GAS_WRONG", excessBlobGas, expected };
}
