import type { BlockHeader } from "@koinon/ethereum/block-header";
import type { ChainConfig } from "@koinon/ethereum/chain-config";
import type { Log } from "@koinon/ethereum/log";
import type { StateChanges, StateReader } from "@koinon/ethereum/state-access";
import type {
  AccessListEntry,
  Authorization,
  EncodedTransaction,
  RecoveredTransaction,
} from "@koinon/ethereum/transaction";
import type { Withdrawal } from "@koinon/ethereum/withdrawal";
import type { BlockExecution } from "@koinon/evm/block-execution";
import type { Failure } from "@koinon/evm/halt";
import type { Tracer } from "@koinon/evm/tracer";
import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
import type { AccountProof } from "@koinon/state/account-proof";
import type { IngestRefusal } from "./ingest/ingest-error.ts";
import type { JsonRpcLimits } from "./jsonrpc/limits.ts";
import type { JsonText } from "./jsonrpc/message.ts";
import type { Mempool } from "./mempool/mempool.ts";
import type { MempoolRejection } from "./mempool/rejection.ts";
import type { SlotWords } from "./slot-words.ts";

/** A block by name. "pending" is the latest block for everything that is read; what waits is in the mempool. */
export type BlockTag = "earliest" | "latest" | "safe" | "finalized" | "pending";

/** A block by number, hash or name. */
export type BlockRef = bigint | Hex | BlockTag;

/** A header of the chain, with what is known of its block without reading it. */
export interface ChainHeader {
  readonly hash: Hex;
  readonly header: BlockHeader;
  readonly transactionCount: number;
  /** Bytes of the block's RLP. */
  readonly sizeBytes: number;
}

/** A block of the chain. */
export interface ChainBlock extends ChainHeader {
  readonly transactions: readonly RecoveredTransaction[];
  readonly withdrawals: readonly Withdrawal[];
}

/** A block of the chain with its transactions' hashes in their place. */
export interface BlockOutline extends ChainHeader {
  readonly transactionHashes: readonly Hex[];
  readonly withdrawals: readonly Withdrawal[];
}

/** Where a transaction is. */
export interface TransactionPlace {
  readonly block: ChainHeader;
  /** In the block, from 0. */
  readonly index: number;
}

/** A transaction of the chain, or one that waits: `place` is undefined then. */
export interface FoundTransaction {
  readonly transaction: RecoveredTransaction;
  readonly place: TransactionPlace | undefined;
}

/** What a transaction of the chain did. */
export interface ChainReceipt {
  readonly transaction: RecoveredTransaction;
  readonly place: TransactionPlace;
  readonly succeeded: boolean;
  readonly gasUsed: bigint;
  readonly cumulativeGasUsed: bigint;
  /** Wei per gas. */
  readonly effectiveGasPrice: bigint;
  /** Address of a creation; undefined when there was a recipient. */
  readonly contractAddress: Address | undefined;
  readonly logs: readonly Log[];
  /** 256 bytes. */
  readonly bloom: Uint8Array;
  /** Index in the block of the first log. */
  readonly firstLogIndex: number;
}

/** A log with its place in the chain. */
export interface ChainLog {
  readonly log: Log;
  readonly block: ChainHeader;
  readonly transactionHash: Hex;
  readonly transactionIndex: number;
  /** In the block. */
  readonly logIndex: number;
  /** True when its block was undone. */
  readonly removed: boolean;
}

/** Which logs: any of the addresses (none named: all), and at each position any of the topics (none named: all). */
export interface LogFilter {
  readonly addresses: readonly Address[];
  readonly topics: readonly (readonly Hex[])[];
}

/** Bounds of a search for logs. */
export interface LogLimits {
  readonly logsMax: number;
  readonly blocksMax: bigint;
  /** Aborts between blocks. */
  readonly signal?: AbortSignal;
}

/** Matching logs of the blocks from `from` to `to`, both included; throws ChainError `LOG_RANGE_TOO_LARGE`, `TOO_MANY_LOGS`. */
export type LogSearch = (
  filter: LogFilter,
  range: { readonly from: bigint; readonly to: bigint },
  limits: LogLimits,
) => Promise<readonly ChainLog[]>;

/** What a block's fees were: for eth_feeHistory and price oracles. */
export interface BlockFees {
  readonly block: ChainHeader;
  /** Base fee of the block after this one, in wei. */
  readonly nextBaseFeePerGas: bigint;
  /** Tip in wei per gas and gas used of each transaction, in the block's order. */
  readonly tips: readonly { readonly tip: bigint; readonly gasUsed: bigint }[];
}

/** The committed chain, read synchronously from disk. Undefined stands for a block or transaction that is not there. */
export interface ChainReader {
  readonly config: ChainConfig;
  readonly genesisHash: Hex;
  /** The last block on disk. */
  head(): ChainHeader;
  header(ref: BlockRef): ChainHeader | undefined;
  block(ref: BlockRef): ChainBlock | undefined;
  outline(ref: BlockRef): BlockOutline | undefined;
  /** The encoded transactions of a block, in order. */
  rawTransactions(ref: BlockRef): readonly Uint8Array[] | undefined;
  /** Receipts of all transactions of a block, in order. */
  receipts(ref: BlockRef): readonly ChainReceipt[] | undefined;
  receipt(transactionHash: Hex): ChainReceipt | undefined;
  /** A transaction of the chain or the mempool. */
  transaction(hash: Hex): FoundTransaction | undefined;
  transactionAt(ref: BlockRef, index: number): FoundTransaction | undefined;
  fees(ref: BlockRef): BlockFees | undefined;
  /** The state after a block; throws ChainError `BLOCK_UNKNOWN`, or StateError `HISTORY_PRUNED` when it is too old. */
  stateAt(ref: BlockRef): StateReader;
  /** EIP-1186; throws like `stateAt`. */
  proof(address: Address, slots: readonly bigint[], ref: BlockRef): AccountProof;
}

/** An account and some of its slots after a block. */
export interface ProofRequest {
  readonly address: Address;
  readonly slots: readonly bigint[];
  readonly at: BlockRef;
}

/** What an account is to be instead, in one call. */
export interface AccountOverride {
  readonly nonce?: bigint;
  readonly balance?: bigint;
  readonly code?: Uint8Array;
  /** Where the precompile of this address is instead. */
  readonly movePrecompileTo?: Address;
  /** Replaces all storage. */
  readonly state?: SlotWords;
  /** Replaces these slots. */
  readonly stateDiff?: SlotWords;
}

/** What a state is to be instead. */
export type StateOverrides = ReadonlyMap<Address, AccountOverride>;

/** What a call sees of its block instead. */
export interface BlockOverrides {
  readonly number?: bigint;
  readonly timestamp?: bigint;
  readonly gasLimit?: bigint;
  readonly beneficiary?: Address;
  readonly prevRandao?: Hex;
  readonly baseFeePerGas?: bigint;
  readonly baseFeePerBlobGas?: bigint;
  /** Hashes of the blocks before it, instead of the chain's: of blocks that are simulated, say. */
  readonly blockHash?: (number: bigint) => Hex | undefined;
}

/** Where something is executed without becoming part of the chain. */
export interface ExecutionPlace {
  /** After this block, in a block with its header (as eth_call does it). */
  readonly at: BlockRef;
  readonly state?: StateOverrides | undefined;
  /** The accounts in whose place precompiles are not executed; those of `state` unless given. */
  readonly replaced?: StateOverrides | undefined;
  readonly block?: BlockOverrides | undefined;
  readonly tracer?: Tracer | undefined;
}

/** A message; what is left out has eth_call's defaults. */
export interface CallMessage {
  readonly from?: Address | undefined;
  readonly to?: Address | undefined;
  /** Bounded by `callGasMax`, which is also the default. */
  readonly gas?: bigint | undefined;
  readonly gasPrice?: bigint | undefined;
  readonly maxFeePerGas?: bigint | undefined;
  readonly maxPriorityFeePerGas?: bigint | undefined;
  readonly value?: bigint | undefined;
  readonly data?: Uint8Array | undefined;
  readonly nonce?: bigint | undefined;
  readonly accessList?: readonly AccessListEntry[] | undefined;
  readonly authorizationList?: readonly Authorization[] | undefined;
}

/** What a message did. */
export interface CallOutcome {
  /** Undefined when it succeeded. */
  readonly failure: Failure | undefined;
  /** Return data or revert data. */
  readonly output: Uint8Array;
  readonly gasUsed: bigint;
}

/** The least gas limit with which a message succeeds, or how it failed. */
export type GasEstimate = { readonly gas: bigint } | { readonly failed: CallOutcome };

/** Execution that leaves no trace, on the calling thread. A message that can not be executed (no funds, no gas) throws TransactionError. */
export interface ChainExecution {
  /** Most gas that a message may use. */
  readonly callGasMax: bigint;
  call(message: CallMessage, place: ExecutionPlace): Promise<CallOutcome>;
  /** The least gas limit with which the message succeeds; with the gas that the sender can pay, when it does not succeed at all. */
  estimate(message: CallMessage, place: ExecutionPlace): Promise<GasEstimate>;
  /** An execution to do anything with, synchronously: eth_simulateV1, debug_traceCall, eth_createAccessList. */
  begin(place: ExecutionPlace): BlockExecution;
  /** The state root that changes would make after a block; stores nothing. Throws like `stateAt`. */
  rootAfter(ref: BlockRef, changes: StateChanges): Hex;
  /**
   * Executes a block's transactions once more, with a tracer each where `tracerOf` answers one; ends after `until` when that is
   * given. Throws like `stateAt`, and ChainError `GENESIS_NOT_EXECUTABLE`.
   */
  replay(ref: BlockRef, tracerOf: (index: number) => Tracer | undefined, until?: number): Promise<ReplayedTransactions>;
}

/**
 * Everything that takes long, beside the calling thread: bounded in number, waiting and time. All of it throws ChainError
 * `CALLS_OVERLOADED`, `CALL_TIMEOUT`, `CALL_THREAD_LOST` or `CALLS_CLOSED`, the signal's reason, and what ChainExecution throws.
 */
export interface ChainCalls {
  call(message: CallMessage, at: BlockRef, signal: AbortSignal): Promise<CallOutcome>;
  estimate(message: CallMessage, at: BlockRef, signal: AbortSignal): Promise<GasEstimate>;
  /** Like `ChainReader.proof`. */
  proof(request: ProofRequest, signal: AbortSignal): Promise<AccountProof>;
  /** The encoded transactions of a block, in order; throws ChainError `BLOCK_UNKNOWN`. */
  rawTransactions(at: BlockRef, signal: AbortSignal): Promise<readonly Uint8Array[]>;
  /** The result of a method of JSON-RPC that executes, searches or reads much. */
  request(method: string, params: readonly unknown[], limits: JsonRpcLimits, signal: AbortSignal): Promise<JsonText>;
  /** Calls that wait for a thread, and threads that are at one. */
  occupancy(): { readonly waiting: number; readonly running: number };
}

/** Outcomes of a replay by transaction index. */
export type ReplayedTransactions = readonly (CallOutcome & { readonly transaction: RecoveredTransaction })[];

/** Why a submitted transaction was not taken. */
export type SubmitRejection = IngestRefusal | MempoolRejection;

/** What became of submitted bytes. */
export type SubmitOutcome = { readonly hash: Hex } | { readonly rejection: SubmitRejection };

/** The way in for transactions. */
export interface TransactionIntake {
  /**
   * Outcomes in the order of the bytes; throws IngestError when the batch was not looked at. With `after`, the pool sees the
   * transactions when that is over, so that batches of one origin keep their order while senders are recovered side by side.
   */
  submit(raws: readonly Uint8Array[], signal: AbortSignal, after?: Promise<unknown>): Promise<SubmitOutcome[]>;
  /** Resolves when the pool is not nearly full, for those who would rather wait than be refused. */
  room(signal: AbortSignal): Promise<void>;
}

/** A block that was added or undone, in order. `cursor` resumes behind it. */
export interface BlockEvent {
  readonly kind: "added" | "removed";
  readonly block: ChainHeader;
  readonly cursor: string;
}

/**
 * The logs of a block that was added or undone; `logs` may be empty, so that cursors go on where nothing matches. Where they are many
 * they come in parts, in order; the cursor of a part resumes behind it.
 */
export interface LogEvent {
  readonly kind: "added" | "removed";
  readonly block: ChainHeader;
  readonly logs: readonly ChainLog[];
  /** False when further logs of the block follow. */
  readonly isLast: boolean;
  readonly cursor: string;
}

/**
 * What happens from now on, or from behind a cursor. A subscriber that is slow reads from disk what it has not seen: nothing is
 * queued and nothing is lost. A cursor is the chain's, not the process's: it holds across restarts. Streams end by the signal,
 * without an error; ChainError `CURSOR_INVALID` or `CURSOR_TOO_OLD` (a reorganisation that is not remembered any more).
 */
export interface ChainSubscriptions {
  blocks(options: { readonly cursor?: string | undefined; readonly signal: AbortSignal }): AsyncIterable<BlockEvent>;
  logs(
    filter: LogFilter,
    options: { readonly cursor?: string | undefined; readonly signal: AbortSignal },
  ): AsyncIterable<LogEvent>;
  /** Transactions as they become executable, in batches; more than `queueMax` that wait are dropped, oldest first, and counted. */
  pendingTransactions(options: {
    readonly queueMax: number;
    readonly signal: AbortSignal;
  }): AsyncIterable<{ readonly transactions: readonly EncodedTransaction[]; readonly dropped: number }>;
}

/** What methods that execute are made of, on the thread that they run on. */
export interface ExecutionView {
  readonly reader: ChainReader;
  readonly execution: ChainExecution;
}

/** Everything that servers of a chain read and do; JSON-RPC and gRPC are made of this and nothing else. */
export interface ChainView {
  readonly reader: ChainReader;
  readonly calls: ChainCalls;
  readonly intake: TransactionIntake;
  readonly mempool: Mempool;
  readonly subscriptions: ChainSubscriptions;
}
