import { DomainError } from "@koinon/errors/domain-error";
import type { TransactionRuleFault } from "@koinon/ethereum/transaction-rules";
import type { Address } from "@koinon/secp256k1/address";

/** Why a transaction can not be in a block after this state. It has then changed nothing. */
export type TransactionFault =
  | TransactionRuleFault
  | { code: "NONCE_TOO_LOW"; sender: Address; nonce: bigint; expected: bigint }
  | { code: "NONCE_TOO_HIGH"; sender: Address; nonce: bigint; expected: bigint }
  | { code: "SENDER_NOT_EOA"; sender: Address }
  | { code: "INSUFFICIENT_FUNDS"; sender: Address; needed: bigint; available: bigint }
  | { code: "FEE_BELOW_BASE_FEE"; maxFeePerGas: bigint; baseFeePerGas: bigint }
  | { code: "BLOB_FEE_BELOW_BASE_FEE"; maxFeePerBlobGas: bigint; baseFeePerBlobGas: bigint }
  | { code: "TOO_MANY_BLOBS"; count: number; limit: number }
  | { code: "BLOCK_GAS_EXHAUSTED"; gasLimit: bigint; available: bigint };

/** A transaction that is not valid here and now. */
export class TransactionError extends DomainError<TransactionFault> {}

/** Why a block can not be completed. */
export type BlockFault =
  /** EIP-7002, EIP-7251: the contract has no code, or its call failed. */
  | { code: "SYSTEM_CONTRACT_MISSING"; address: Address }
  | { code: "SYSTEM_CALL_FAILED"; address: Address; failure: string }
  /** EIP-6110: the deposit contract logged what is no deposit. */
  | { code: "DEPOSIT_LOG_MALFORMED"; length: number };

/** A block that breaks a rule of execution. */
export class BlockError extends DomainError<BlockFault> {}
