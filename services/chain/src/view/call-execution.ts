import { baseFeePerBlobGas } from "@koinon/ethereum/blob-fee";
import { isActive } from "@koinon/ethereum/fork";
import type { StateChanges, StateReader } from "@koinon/ethereum/state-access";
import { maxFeePerGas as feeCap } from "@koinon/ethereum/transaction";
import { transactionGasMax } from "@koinon/ethereum/transaction-rules";
import type { BlockExecution, TransactionResult } from "@koinon/evm/block-execution";
import { TransactionError } from "@koinon/evm/fault";
import type { Tracer } from "@koinon/evm/tracer";
import type { Hex } from "@koinon/secp256k1/hex";
import type {
  BlockOverrides,
  BlockRef,
  CallMessage,
  CallOutcome,
  ChainExecution,
  ChainHeader,
  ChainReader,
  ExecutionPlace,
  GasEstimate,
  ReplayedTransactions,
} from "../chain-view.ts";
import { BlockRun, type BlockRunDependencies } from "../engine/block-run.ts";
import { createPacing } from "../engine/pacing.ts";
import { ChainError } from "../errors.ts";
import { callRequest } from "./call-message.ts";
import { overridePrecompiles } from "./override-precompiles.ts";
import { overrideState } from "./override-state.ts";
import { switchingTracer } from "./switching-tracer.ts";

/** Gas of a plain transfer: no transaction has less. */
const transactionGas = 21_000n;

/** Bounds of calls. */
export interface CallOptions {
  /** Most gas of a message. */
  readonly callGasMax: bigint;
  /** How long a replay keeps the thread at a time. */
  readonly sliceMs: number;
}

/** Executes messages and blocks once more, on states of the chain. */
export class CallExecution implements ChainExecution {
  readonly callGasMax: bigint;
  private readonly options: CallOptions;
  private readonly reader: ChainReader;
  private readonly dependencies: BlockRunDependencies & { readonly clock: { now(): number } };

  constructor(
    options: CallOptions,
    dependencies: BlockRunDependencies & { readonly reader: ChainReader; readonly clock: { now(): number } },
  ) {
    this.callGasMax = options.callGasMax;
    this.options = options;
    this.reader = dependencies.reader;
    this.dependencies = dependencies;
  }

  async call(message: CallMessage, place: ExecutionPlace): Promise<CallOutcome> {
    const gasLimit = lower(message.gas ?? this.callGasMax, this.callGasMax);
    return outcomeOf(this.run(message, gasLimit, this.settle(place)));
  }

  async estimate(message: CallMessage, place: ExecutionPlace): Promise<GasEstimate> {
    const settled = this.settle(place);
    const most = this.mostGas(message, settled);
    const first = this.run(message, most, settled);
    if (!first.succeeded) return { failed: outcomeOf(first) };
    // Refunds come at the end, so they must be there before.
    let enough = most;
    let tooLittle = first.gasUsed - 1n;
    for (let next = first.gasUsed + first.gasRefunded; tooLittle + 1n < enough; next = (tooLittle + enough) / 2n) {
      if (next >= enough) next = (tooLittle + enough) / 2n;
      if (this.succeeds(message, next, settled)) enough = next;
      else tooLittle = next;
    }
    return { gas: enough };
  }

  begin(place: ExecutionPlace): BlockExecution {
    return this.settle(place).begin({});
  }

  rootAfter(ref: BlockRef, changes: StateChanges): Hex {
    const block = this.reader.header(ref);
    if (block === undefined) throw new ChainError({ code: "BLOCK_UNKNOWN", block: String(ref) });
    const candidate = this.dependencies.state.prepare(block.hash, changes);
    candidate.discard();
    return candidate.root;
  }

  async replay(
    ref: BlockRef,
    tracerOf: (index: number) => Tracer | undefined,
    until = Number.POSITIVE_INFINITY,
  ): Promise<ReplayedTransactions> {
    const block = this.reader.block(ref);
    if (block === undefined) throw new ChainError({ code: "BLOCK_UNKNOWN", block: String(ref) });
    const parent = this.reader.header(block.header.number - 1n);
    if (parent === undefined) throw new ChainError({ code: "GENESIS_NOT_EXECUTABLE" });
    const { hash, header } = parent;
    const state = this.reader.stateAt(header.number);
    const tracer = switchingTracer();
    const run = new BlockRun({ hash, header, state, base: hash }, block.header, this.dependencies, tracer);
    const pacing = createPacing(this.options, this.dependencies.clock);
    const outcomes: ReplayedTransactions[number][] = [];
    for (const [index, transaction] of block.transactions.entries()) {
      if (index > until) break;
      tracer.current = tracerOf(index);
      outcomes.push({ transaction, ...outcomeOf(run.add(transaction)) });
      if (pacing.isDue()) await pacing.pause();
    }
    return outcomes;
  }

  private run(message: CallMessage, gasLimit: bigint, { begin, state }: SettledPlace): TransactionResult {
    const { chainId } = this.dependencies.config;
    const request = callRequest(message, { state, chainId, gasLimit });
    // What offers no fee sees a base fee of zero, as in geth.
    const isFree = feeCap(request.transaction) === 0n;
    return begin(isFree ? { baseFeePerGas: 0n } : {}).executeTransaction(request);
  }

  private succeeds(message: CallMessage, gasLimit: bigint, settled: SettledPlace): boolean {
    try {
      return this.run(message, gasLimit, settled).succeeded;
    } catch (error) {
      // Less than the message itself costs.
      if (error instanceof TransactionError) return false;
      throw error;
    }
  }

  /** The most gas that could matter: of the message, a block, a transaction, and what the sender can pay. */
  private mostGas(message: CallMessage, { state, gasLimit, isOsaka }: SettledPlace): bigint {
    // Less than any transaction costs is as good as nothing said, as in geth.
    const asked = message.gas !== undefined && message.gas >= transactionGas ? message.gas : gasLimit;
    let most = lower(asked, this.callGasMax);
    if (isOsaka) most = lower(most, transactionGasMax);
    const { transaction, sender } = callRequest(message, {
      state,
      chainId: this.dependencies.config.chainId,
      gasLimit: most,
    });
    const price = feeCap(transaction);
    const funds = (state.account(sender)?.balance ?? 0n) - transaction.value;
    return price === 0n || funds <= 0n ? most : lower(most, funds / price);
  }

  private settle({ at, state: overrides, replaced = overrides, block: changes, tracer }: ExecutionPlace): SettledPlace {
    const place = this.reader.header(at);
    if (place === undefined) throw new ChainError({ code: "BLOCK_UNKNOWN", block: String(at) });
    const { config, evm } = this.dependencies;
    const committed = this.reader.stateAt(place.header.number);
    const state = overrides === undefined ? committed : overrideState(committed, overrides);
    const block = { ...this.contextOf(place), ...definedOnly(changes ?? {}) };
    const fork = config.forks.forkAt(block.timestamp);
    return {
      state,
      gasLimit: block.gasLimit,
      isOsaka: isActive(fork, "osaka"),
      begin: (otherwise) =>
        evm.beginBlock({
          ...{ fork, state, tracer },
          block: { ...block, ...otherwise },
          changePrecompiles: (precompiles) => overridePrecompiles(precompiles, replaced),
        }),
    };
  }

  private contextOf({ hash, header }: ChainHeader) {
    const { number, timestamp, gasLimit, beneficiary, prevRandao, baseFeePerGas, excessBlobGas } = header;
    const blobs = this.dependencies.config.forks.blobsAt(timestamp);
    return {
      number,
      timestamp,
      gasLimit,
      beneficiary,
      prevRandao,
      baseFeePerGas,
      baseFeePerBlobGas: baseFeePerBlobGas(excessBlobGas, blobs),
      blockHash: (wanted: bigint) => this.dependencies.ancestorHash(hash, wanted),
    };
  }
}

/** A place to execute in as often as is needed. */
interface SettledPlace {
  readonly state: StateReader;
  readonly gasLimit: bigint;
  readonly isOsaka: boolean;
  begin(otherwise: BlockOverrides): BlockExecution;
}

function outcomeOf({ failure, output, gasUsed }: TransactionResult): CallOutcome {
  return { failure, output, gasUsed };
}

function lower(left: bigint, right: bigint): bigint {
  return left < right ? left : right;
}

function definedOnly<T extends object>(values: T): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}
