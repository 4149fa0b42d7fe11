import { baseFeePerBlobGas } from "@koinon/ethereum/blob-fee";
import type { BlockHeader } from "@koinon/ethereum/block-header";
import type { ChainConfig } from "@koinon/ethereum/chain-config";
import type { StateReader } from "@koinon/ethereum/state-access";
import type { EncodedTransaction } from "@koinon/ethereum/transaction";
import { payloadOf } from "@koinon/ethereum/transaction-decode";
import type { Withdrawal } from "@koinon/ethereum/withdrawal";
import type { BlockExecution, TransactionResult } from "@koinon/evm/block-execution";
import type { Evm } from "@koinon/evm/evm";
import { beginBlock, collectRequests } from "@koinon/evm/system-calls";
import type { Tracer } from "@koinon/evm/tracer";
import type { Hex } from "@koinon/secp256k1/hex";
import type { Candidate } from "@koinon/state/candidate";
import type { StateStore } from "@koinon/state/state-store";
import type { Steps } from "@koinon/trie/steps";
import type { TransactionOutcome } from "../executed-block.ts";

/** A block that another can follow. */
export interface ParentBlock {
  readonly hash: Hex;
  readonly header: BlockHeader;
  readonly state: StateReader;
  /** What a store prepares the next state from. */
  readonly base: Hex | Candidate;
}

/** What executing blocks takes. */
export interface BlockRunDependencies {
  readonly config: ChainConfig;
  readonly evm: Evm;
  readonly state: StateStore;
  /** The hash of an ancestor by its number, the block of `hash` included. */
  ancestorHash(hash: Hex, number: bigint): Hex | undefined;
}

/** The fields of a header that execution depends on. */
export type BlockEnvironment = Pick<
  BlockHeader,
  | "number"
  | "timestamp"
  | "gasLimit"
  | "beneficiary"
  | "prevRandao"
  | "baseFeePerGas"
  | "excessBlobGas"
  | "parentBeaconBlockRoot"
>;

/** What a block leaves. */
export interface FinishedRun {
  readonly requests: Uint8Array[];
  readonly candidate: Candidate;
  /** Accounts that it changed. */
  readonly changed: Iterable<Hex>;
}

/** One block's execution from its system calls to the state that it makes; building and checking a block differ only around it. */
export class BlockRun {
  readonly transactions: EncodedTransaction[] = [];
  readonly outcomes: TransactionOutcome[] = [];
  blobGasUsed = 0n;
  /** What the fee recipient gets, in wei. */
  value = 0n;
  private readonly baseFeePerGas: bigint;
  private readonly parent: ParentBlock;
  private readonly execution: BlockExecution;
  private readonly dependencies: BlockRunDependencies;

  /** Begins: EIP-4788 and EIP-2935 are done afterwards. */
  constructor(
    parent: ParentBlock,
    environment: BlockEnvironment,
    dependencies: BlockRunDependencies,
    tracer?: Tracer | undefined,
  ) {
    const { config, evm } = dependencies;
    this.parent = parent;
    this.baseFeePerGas = environment.baseFeePerGas;
    this.dependencies = dependencies;
    this.execution = evm.beginBlock({
      fork: config.forks.forkAt(environment.timestamp),
      state: parent.state,
      tracer,
      block: {
        ...environment,
        baseFeePerBlobGas: baseFeePerBlobGas(environment.excessBlobGas, config.forks.blobsAt(environment.timestamp)),
        blockHash: (number) => dependencies.ancestorHash(parent.hash, number),
      },
    });
    beginBlock(this.execution, {
      parentHash: parent.hash,
      parentBeaconBlockRoot: environment.parentBeaconBlockRoot,
    });
  }

  get gasUsed(): bigint {
    return this.execution.gasUsed;
  }

  /**
   * Executes the next transaction; throws TransactionError, and changes nothing, when it can not be in the block here. Its payload is
   * not kept: the block has it as bytes.
   */
  add(next: EncodedTransaction, payload = payloadOf(next)): TransactionResult {
    const result = this.execution.executeTransaction({ transaction: payload, sender: next.sender });
    const { succeeded, gasUsed, logs } = result;
    this.transactions.push(next);
    this.outcomes.push({ succeeded, gasUsed, logs });
    this.blobGasUsed += result.blobGasUsed;
    this.value += (result.effectiveGasPrice - this.baseFeePerGas) * gasUsed;
    return result;
  }

  /** Ends: withdrawals, requests, and the state after the block. Throws BlockError. */
  *finish(withdrawals: readonly Withdrawal[]): Steps<FinishedRun> {
    const { config, state } = this.dependencies;
    this.execution.applyWithdrawals(withdrawals);
    const requests = collectRequests(this.execution, {
      logs: this.outcomes.flatMap(({ logs }) => logs),
      depositContract: config.depositContractAddress,
    });
    const changes = this.execution.changes();
    yield;
    const candidate = yield* state.prepareInSteps(this.parent.base, changes);
    return { requests, candidate, changed: changes.accounts.keys() };
  }
}
