import { type Fork, isActive } from "./fork.ts";
import { floorDataGas, intrinsicGas } from "./intrinsic-gas.ts";
import { maxFeePerGas, maxPriorityFeePerGas, type TransactionPayload } from "./transaction.ts";

/** Why a transaction can be in no block of a chain, whatever the state. */
export type TransactionRuleFault =
  | { code: "CHAIN_ID_MISMATCH"; chainId: bigint; expected: bigint }
  | { code: "TYPE_NOT_ACTIVE"; type: number }
  | { code: "NONCE_AT_MAX"; nonce: bigint }
  | { code: "PRIORITY_FEE_ABOVE_MAX_FEE"; maxPriorityFeePerGas: bigint; maxFeePerGas: bigint }
  | { code: "COST_OVERFLOW" }
  | { code: "INIT_CODE_TOO_LARGE"; length: number; limit: number }
  | { code: "GAS_LIMIT_ABOVE_CAP"; gasLimit: bigint; cap: bigint }
  | { code: "INTRINSIC_GAS_TOO_LOW"; gasLimit: bigint; needed: bigint }
  | { code: "FLOOR_DATA_GAS_TOO_LOW"; gasLimit: bigint; needed: bigint }
  | { code: "AUTHORIZATION_LIST_EMPTY" }
  | { code: "BLOB_HASHES_MISSING" }
  | { code: "BLOB_HASH_VERSION_UNKNOWN" };

/** Most bytes of init code (EIP-3860). */
export const initCodeBytesMax = 49_152;

/** Most gas of a transaction from Osaka on (EIP-7825). */
export const transactionGasMax = 16_777_216n;

const nonceLimit = 2n ** 64n - 1n;
const wordLimit = 2n ** 256n;

/** Version byte of KZG commitments' hashes (EIP-4844). */
const kzgVersionedHashPrefix = "0x01";

/**
 * Checks everything that depends on the transaction, the fork and the chain id alone; undefined when nothing is wrong. Not
 * checked here: signature, nonce, balance, code of the sender, block gas limit, base fee. `hasGasCap: false` leaves out EIP-7825.
 */
export function transactionRuleFault(
  payload: TransactionPayload,
  { fork, chainId, hasGasCap = true }: { fork: Fork; chainId: bigint; hasGasCap?: boolean },
): TransactionRuleFault | undefined {
  if (payload.chainId !== undefined && payload.chainId !== chainId) {
    return { code: "CHAIN_ID_MISMATCH", chainId: payload.chainId, expected: chainId };
  }
  // EIP-2681: an account's nonce never reaches 2^64 - 1.
  if (payload.nonce >= nonceLimit) return { code: "NONCE_AT_MAX", nonce: payload.nonce };
  return typeFault(payload, fork) ?? feeFault(payload) ?? gasFault(payload, fork, hasGasCap);
}

function typeFault(payload: TransactionPayload, fork: Fork): TransactionRuleFault | undefined {
  if (payload.type === 4) {
    if (!isActive(fork, "prague")) return { code: "TYPE_NOT_ACTIVE", type: 4 };
    return authorizationListFault(payload);
  }
  if (payload.type === 3) {
    if (payload.blobVersionedHashes.length === 0) return { code: "BLOB_HASHES_MISSING" };
    if (!payload.blobVersionedHashes.every((hash) => hash.startsWith(kzgVersionedHashPrefix))) {
      return { code: "BLOB_HASH_VERSION_UNKNOWN" };
    }
  }
  return undefined;
}

/** EIP-7702: a transaction that sets code has somebody's authorization. */
export function authorizationListFault(payload: TransactionPayload): TransactionRuleFault | undefined {
  return payload.type === 4 && payload.authorizationList.length === 0
    ? { code: "AUTHORIZATION_LIST_EMPTY" }
    : undefined;
}

/** EIP-1559: the tip is part of what is offered. */
export function feeOrderFault(payload: TransactionPayload): TransactionRuleFault | undefined {
  const maxFee = maxFeePerGas(payload);
  const maxPriorityFee = maxPriorityFeePerGas(payload);
  if (maxPriorityFee <= maxFee) return undefined;
  return { code: "PRIORITY_FEE_ABOVE_MAX_FEE", maxPriorityFeePerGas: maxPriorityFee, maxFeePerGas: maxFee };
}

function feeFault(payload: TransactionPayload): TransactionRuleFault | undefined {
  const overflows = payload.gasLimit * maxFeePerGas(payload) >= wordLimit;
  return feeOrderFault(payload) ?? (overflows ? { code: "COST_OVERFLOW" } : undefined);
}

function gasFault(payload: TransactionPayload, fork: Fork, hasGasCap: boolean): TransactionRuleFault | undefined {
  const { gasLimit, data } = payload;
  if (payload.to === undefined && data.length > initCodeBytesMax) {
    return { code: "INIT_CODE_TOO_LARGE", length: data.length, limit: initCodeBytesMax };
  }
  if (hasGasCap && isActive(fork, "osaka") && gasLimit > transactionGasMax) {
    return { code: "GAS_LIMIT_ABOVE_CAP", gasLimit, cap: transactionGasMax };
  }
  const needed = intrinsicGas(payload);
  if (gasLimit < needed) return { code: "INTRINSIC_GAS_TOO_LOW", gasLimit, needed };
  if (!isActive(fork, "prague")) return undefined;
  const floor = floorDataGas(data);
  return gasLimit < floor ? { code: "FLOOR_DATA_GAS_TOO_LOW", gasLimit, needed: floor } : undefined;
}
