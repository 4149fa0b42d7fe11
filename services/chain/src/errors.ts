import { DomainError } from "@koinon/errors/domain-error";
import type { HeaderRuleFault } from "@koinon/ethereum/header-rules";
import type { Hex } from "@koinon/secp256k1/hex";

/** What the chain refuses or fails with. Codes are API. */
export type ChainFault =
  | { code: "BLOCK_UNKNOWN"; block: string }
  | { code: "TRANSACTION_UNKNOWN" }
  | { code: "SETTING_INVALID"; variable: string; reason: string }
  | { code: "GENESIS_NOT_EXECUTABLE" }
  /** The data folder holds a chain that began otherwise. */
  | { code: "GENESIS_MISMATCH"; stored: Hex; given: Hex }
  | { code: "LOG_RANGE_TOO_LARGE"; blocks: bigint; limit: bigint }
  | { code: "TOO_MANY_LOGS"; limit: number }
  | { code: "CURSOR_INVALID" }
  | { code: "CURSOR_TOO_OLD" }
  /** A log that no message carries; the cursor resumes behind it. */
  | { code: "LOG_TOO_LARGE"; block: Hex; logIndex: number; sizeBytes: number; cursor: string }
  /** As many calls wait as may. */
  | { code: "CALLS_OVERLOADED"; limit: number }
  | { code: "CALL_TIMEOUT"; timeoutMs: number }
  /** The thread that executed the call ended, for want of memory as a rule. */
  | { code: "CALL_THREAD_LOST" }
  | { code: "CALLS_CLOSED" }
  | { code: "CHAIN_STORE_CORRUPT"; where: string }
  | { code: "REQUEST_INVALID"; field: string }
  /** Precompiles can not be where a call wants them. */
  | { code: "OVERRIDE_INVALID"; address: string; reason: string };

/** Thrown by the chain's read side and its servers. */
export class ChainError extends DomainError<ChainFault> {}

/** Why a block is not a valid successor of its parent. `block` is decimal where a field of the header differs. */
export type InvalidBlockFault =
  | HeaderRuleFault
  | { code: "HEADER_FIELD_WRONG"; field: string; given: string; computed: string }
  | { code: "BLOCK_HASH_WRONG"; given: Hex; computed: Hex }
  | { code: "BLOCK_MALFORMED"; reason: string }
  | { code: "BLOCK_TOO_LARGE"; sizeBytes: number; limitBytes: number }
  | { code: "TRANSACTION_INVALID"; index: number; reason: string }
  | { code: "EXECUTION_INVALID"; reason: string }
  | { code: "PARENT_INVALID"; parent: Hex };

/** Thrown inside of block validation; the engine answers INVALID with its message. */
export class InvalidBlockError extends DomainError<InvalidBlockFault> {}
