import { nextBaseFeePerGas } from "@koinon/ethereum/base-fee";
import { nextExcessBlobGas } from "@koinon/ethereum/blob-fee";
import { encodeBlock } from "@koinon/ethereum/block";
import { type BlockHeader, blockHash, emptyUnclesHash, zeroNonce } from "@koinon/ethereum/block-header";
import { bloomBytes, mergeBloom } from "@koinon/ethereum/bloom";
import { isActive } from "@koinon/ethereum/fork";
import type { Log } from "@koinon/ethereum/log";
import { createReceipt, encodeReceipt, type Receipt } from "@koinon/ethereum/receipt";
import { requestsHash } from "@koinon/ethereum/requests";
import { encodeWithdrawal } from "@koinon/ethereum/withdrawal";
import type { BlockExecution, TransactionResult } from "@koinon/evm/block-execution";
import { beginBlock, collectRequests } from "@koinon/evm/system-calls";
import { zeroAddress } from "@koinon/secp256k1/address";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import { orderedRoot } from "@koinon/trie/ordered-root";
import type { ChainExecution, ChainHeader, ChainReader } from "../../chain-view.ts";
import { assertChain } from "../codec/assert-chain.ts";
import type { ChainMessage } from "../codec/call-message.ts";
import type { SimulationInput } from "../codec/simulation.ts";
import type { ShownTransaction } from "../json/transaction-json.ts";
import { JsonRpcError } from "../json-rpc-error.ts";
import { SimulatedState } from "./simulated-state.ts";
import { createUnsignedTransaction, messageToPayload } from "./simulated-transaction.ts";
import { simulatedError } from "./simulation-fault.ts";
import { type PlannedBlock, planSimulation, type SimulationLimits } from "./simulation-plan.ts";
import { TransferLog } from "./transfer-log.ts";

/** A call of a simulation. */
export interface SimulatedCall {
  readonly transaction: ShownTransaction & { readonly raw: Uint8Array };
  readonly result: TransactionResult;
  /** The logs, with transfers among them where they were asked for; empty when the call failed. */
  readonly logs: readonly Log[];
}

/** A block of a simulation. */
export interface SimulatedBlock {
  readonly header: BlockHeader;
  readonly hash: Hex;
  readonly sizeBytes: number;
  readonly withdrawals: PlannedBlock["withdrawals"];
  readonly calls: readonly SimulatedCall[];
}

/** What a simulation reads and runs on. */
export interface SimulationDependencies {
  readonly reader: ChainReader;
  readonly execution: ChainExecution;
}

/** Blocks that do not exist, one after the other on top of one that does (eth_simulateV1). */
export class Simulation {
  readonly #input: SimulationInput;
  readonly #base: ChainHeader;
  readonly #dependencies: SimulationDependencies;
  readonly #state: SimulatedState;
  readonly #hashes = new Map<bigint, Hex>();
  /** Gas that the calls of all blocks may still use together. */
  #gasLeft: bigint;

  constructor(input: SimulationInput, base: ChainHeader, dependencies: SimulationDependencies) {
    this.#input = input;
    this.#base = base;
    this.#dependencies = dependencies;
    this.#state = new SimulatedState(dependencies.reader.stateAt(base.hash));
    this.#gasLeft = dependencies.execution.callGasMax;
  }

  /** Runs the blocks, yielding between them; the signal ends it. */
  *run(limits: SimulationLimits): Generator<SimulatedBlock, void> {
    let parent = this.#base.header;
    let parentHash = this.#base.hash;
    for (const planned of planSimulation(this.#input, this.#base, limits)) {
      const block = this.#runBlock(planned, parent, parentHash);
      this.#hashes.set(block.header.number, block.hash);
      parent = block.header;
      parentHash = block.hash;
      yield block;
    }
  }

  #runBlock(planned: PlannedBlock, parent: BlockHeader, parentHash: Hex): SimulatedBlock {
    const { execution: chain, reader } = this.#dependencies;
    const draft = this.#draftHeader(planned, parent, parentHash);
    if (planned.state !== undefined) this.#state.override(planned.state);
    const transfers = this.#input.traceTransfers ? new TransferLog() : undefined;
    const execution = chain.begin({
      at: this.#base.hash,
      state: this.#state.overrides(),
      // What blocks before have changed replaces no precompile.
      replaced: planned.state ?? new Map(),
      block: {
        ...planned.overrides,
        number: draft.number,
        timestamp: draft.timestamp,
        gasLimit: draft.gasLimit,
        beneficiary: draft.beneficiary,
        prevRandao: draft.prevRandao,
        baseFeePerGas: draft.baseFeePerGas,
        blockHash: (number) => this.#hashes.get(number) ?? reader.header(number)?.hash,
      },
      tracer: transfers?.tracer,
    });
    beginBlock(execution, draft);
    const calls = planned.calls.map((message) => this.#runCall(message, execution, draft.gasLimit, transfers));
    execution.applyWithdrawals(planned.withdrawals);
    const logs = calls.flatMap(({ result }) => (result.succeeded ? result.logs : []));
    const requests = collectRequests(execution, { logs, depositContract: reader.config.depositContractAddress });
    this.#state.apply(execution.changes());
    const stateRoot = chain.rootAfter(this.#base.hash, this.#state.changes());
    const header = this.#completeHeader(draft, { planned, calls, requests, stateRoot, gasUsed: execution.gasUsed });
    const transactions = calls.map(({ transaction }) => transaction.raw);
    const { withdrawals } = planned;
    const sizeBytes = encodeBlock({ header, transactions, withdrawals }).length;
    return { header, hash: blockHash(header), sizeBytes, withdrawals, calls };
  }

  #runCall(
    message: ChainMessage,
    execution: BlockExecution,
    blockGasLimit: bigint,
    transfers: TransferLog | undefined,
  ): SimulatedCall {
    const { chainId } = this.#dependencies.reader.config;
    const sender = message.from ?? zeroAddress;
    const available = blockGasLimit - execution.gasUsed;
    const wanted = message.gas ?? available;
    if (wanted > available) {
      const text = `block gas limit reached: ${execution.gasUsed} >= ${blockGasLimit}`;
      throw new JsonRpcError({ code: "SIMULATED_BLOCK_GAS_LIMIT", message: text });
    }
    const changed = execution.changes().accounts;
    const account = changed.has(sender) ? changed.get(sender) : this.#state.account(sender);
    const gas = this.#affordable(wanted);
    const payload = messageToPayload(
      { ...assertChain(message, chainId), gas },
      { chainId, nonce: account?.nonce ?? 0n, gas },
    );
    const transaction = createUnsignedTransaction(payload, sender);
    try {
      const checks = this.#input.validation ? "simulation" : "call";
      const result = execution.executeTransaction({ transaction: payload, sender, checks });
      this.#gasLeft -= result.gasUsed;
      const logs = result.succeeded ? (transfers?.logs() ?? result.logs) : [];
      return { transaction, result, logs };
    } catch (error) {
      throw simulatedError(error, gas);
    }
  }

  #affordable(gas: bigint): bigint {
    if (gas > this.#gasLeft) return this.#gasLeft;
    return gas;
  }

  #draftHeader(
    { overrides, beaconRoot, number, timestamp }: PlannedBlock,
    parent: BlockHeader,
    parentHash: Hex,
  ): BlockHeader {
    const { forks } = this.#dependencies.reader.config;
    const fork = forks.forkAt(timestamp);
    const isFree = !this.#input.validation;
    return {
      parentHash,
      unclesHash: emptyUnclesHash,
      beneficiary: overrides.beneficiary ?? parent.beneficiary,
      stateRoot: zeroHash,
      transactionsRoot: zeroHash,
      receiptsRoot: zeroHash,
      logsBloom: new Uint8Array(bloomBytes),
      difficulty: 0n,
      number,
      gasLimit: overrides.gasLimit ?? parent.gasLimit,
      gasUsed: 0n,
      timestamp,
      extraData: new Uint8Array(0),
      prevRandao: overrides.prevRandao ?? zeroHash,
      nonce: zeroNonce,
      baseFeePerGas: overrides.baseFeePerGas ?? (isFree ? 0n : nextBaseFeePerGas(parent)),
      withdrawalsRoot: zeroHash,
      blobGasUsed: 0n,
      excessBlobGas: nextExcessBlobGas(parent, fork, forks.blobsAt(timestamp)),
      parentBeaconBlockRoot: beaconRoot ?? zeroHash,
      requestsHash: isActive(fork, "prague") ? zeroHash : undefined,
    };
  }

  #completeHeader(draft: BlockHeader, outcome: BlockOutcome): BlockHeader {
    const { planned, calls, requests } = outcome;
    const receipts = receiptsOf(calls);
    for (const { bloom } of receipts) mergeBloom(draft.logsBloom, bloom);
    return {
      ...draft,
      stateRoot: outcome.stateRoot,
      gasUsed: outcome.gasUsed,
      transactionsRoot: bytesToHex(orderedRoot(calls.map(({ transaction }) => transaction.raw))),
      receiptsRoot: bytesToHex(orderedRoot(receipts.map((receipt) => encodeReceipt(receipt)))),
      withdrawalsRoot: bytesToHex(orderedRoot(planned.withdrawals.map(encodeWithdrawal))),
      requestsHash: draft.requestsHash === undefined ? undefined : requestsHash(requests),
    };
  }
}

interface BlockOutcome {
  readonly planned: PlannedBlock;
  readonly calls: readonly SimulatedCall[];
  readonly requests: readonly Uint8Array[];
  readonly stateRoot: Hex;
  readonly gasUsed: bigint;
}

const zeroHash: Hex = `0x${"00".repeat(32)}`;

function receiptsOf(calls: readonly SimulatedCall[]): Receipt[] {
  let cumulativeGasUsed = 0n;
  return calls.map(({ transaction, result }) => {
    cumulativeGasUsed += result.gasUsed;
    const { type } = transaction.transaction;
    return createReceipt({ type, succeeded: result.succeeded, cumulativeGasUsed, logs: result.logs });
  });
}
