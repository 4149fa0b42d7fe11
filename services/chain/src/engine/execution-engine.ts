import { DomainError } from "@koinon/errors/domain-error";
import type { Withdrawal } from "@koinon/ethereum/withdrawal";
import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";

/** A block as it passes between consensus and execution (Engine API, ExecutionPayloadV3). */
export interface ExecutionPayload {
  readonly parentHash: Hex;
  readonly feeRecipient: Address;
  readonly stateRoot: Hex;
  readonly receiptsRoot: Hex;
  /** 256 bytes. */
  readonly logsBloom: Uint8Array;
  readonly prevRandao: Hex;
  readonly blockNumber: bigint;
  readonly gasLimit: bigint;
  readonly gasUsed: bigint;
  /** Seconds since the epoch. */
  readonly timestamp: bigint;
  readonly extraData: Uint8Array;
  /** Wei. */
  readonly baseFeePerGas: bigint;
  readonly blockHash: Hex;
  /** Canonical EIP-2718 bytes. */
  readonly transactions: readonly Uint8Array[];
  readonly withdrawals: readonly Withdrawal[];
  readonly blobGasUsed: bigint;
  readonly excessBlobGas: bigint;
}

/** A payload with what consensus knows about it. */
export interface ProposedPayload {
  readonly payload: ExecutionPayload;
  /** Of all blob transactions, in order. */
  readonly blobVersionedHashes: readonly Hex[];
  /** EIP-4788. */
  readonly parentBeaconBlockRoot: Hex;
  /** EIP-7685, without the empty ones; undefined before Prague. */
  readonly requests: readonly Uint8Array[] | undefined;
}

/** What the engine thinks of a payload. */
export interface PayloadStatus {
  readonly status: "VALID" | "INVALID" | "SYNCING" | "ACCEPTED";
  /** The last valid block on the payload's branch; undefined when that is not known. */
  readonly latestValidHash: Hex | undefined;
  readonly validationError: string | undefined;
}

/** Which blocks consensus has chosen; 32 zero bytes for safe and finalized when there is none yet. */
export interface ForkchoiceState {
  readonly headBlockHash: Hex;
  readonly safeBlockHash: Hex;
  readonly finalizedBlockHash: Hex;
}

/** What consensus decides about a block to be built. */
export interface PayloadAttributes {
  /** Seconds since the epoch. */
  readonly timestamp: bigint;
  readonly prevRandao: Hex;
  readonly suggestedFeeRecipient: Address;
  readonly withdrawals: readonly Withdrawal[];
  readonly parentBeaconBlockRoot: Hex;
}

/** The answer to a fork choice; the id names the payload that is being built. */
export interface ForkchoiceOutcome {
  readonly payloadStatus: PayloadStatus;
  readonly payloadId: Hex | undefined;
}

/** A payload that the engine built. */
export interface BuiltPayload extends ProposedPayload {
  /** What the fee recipient gets, in wei. */
  readonly blockValue: bigint;
}

/** The head of an engine's chain. */
export interface EngineHead {
  readonly hash: Hex;
  readonly number: bigint;
  /** Seconds since the epoch. */
  readonly timestamp: bigint;
}

/**
 * Execution as consensus sees it: the Engine API of Ethereum's clients, without its versions. Ours answers in process; a client of
 * the protocol answers for any other.
 */
export interface ExecutionEngine {
  /** Checks a block by executing it; a valid one is remembered and changes nothing yet. */
  newPayload(proposed: ProposedPayload, signal: AbortSignal): Promise<PayloadStatus>;
  /**
   * Makes a block the head, durably, and begins a payload on it when attributes are given. Throws EngineError
   * `FORKCHOICE_STATE_INVALID` or `PAYLOAD_ATTRIBUTES_INVALID`.
   */
  forkchoiceUpdated(
    state: ForkchoiceState,
    attributes: PayloadAttributes | undefined,
    signal: AbortSignal,
  ): Promise<ForkchoiceOutcome>;
  /** The payload as it is now; throws EngineError `PAYLOAD_UNKNOWN`. */
  getPayload(payloadId: Hex, signal: AbortSignal): Promise<BuiltPayload>;
  /** The head, for a proposer that starts; not part of the Engine API proper, but every client answers it on the same port. */
  head(signal: AbortSignal): Promise<EngineHead>;
}

/** What an engine refuses to do; the codes of the Engine API are in `engineErrorCodes`. */
export type EngineFault =
  | { code: "PAYLOAD_UNKNOWN"; payloadId: Hex }
  | { code: "FORKCHOICE_STATE_INVALID"; reason: string }
  | { code: "PAYLOAD_ATTRIBUTES_INVALID"; reason: string }
  | { code: "REQUEST_TOO_LARGE"; limit: number }
  | { code: "FORK_UNSUPPORTED"; fork: string; method: string }
  | { code: "ENGINE_UNREACHABLE"; reason: string }
  | { code: "ENGINE_ANSWER_INVALID"; reason: string }
  | { code: "ENGINE_REFUSED"; rpcCode: number; message: string }
  | { code: "ENGINE_CLOSED" };

/** Thrown by engines and their clients. */
export class EngineError extends DomainError<EngineFault> {}

/** True for the answers that let a block be built upon. */
export function isValid({ status }: PayloadStatus): boolean {
  return status === "VALID";
}
