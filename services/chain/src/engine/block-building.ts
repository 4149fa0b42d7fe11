import { nextBaseFeePerGas } from "@koinon/ethereum/base-fee";
import { nextExcessBlobGas } from "@koinon/ethereum/blob-fee";
import { blockBytesMax } from "@koinon/ethereum/block";
import { type BlockHeader, blockHash, emptyUnclesHash, zeroNonce } from "@koinon/ethereum/block-header";
import { isActive } from "@koinon/ethereum/fork";
import { requestsHash } from "@koinon/ethereum/requests";
import type { EncodedTransaction, TransactionPayload } from "@koinon/ethereum/transaction";
import { payloadOf } from "@koinon/ethereum/transaction-decode";
import { encodeWithdrawal } from "@koinon/ethereum/withdrawal";
import { TransactionError, type TransactionFault } from "@koinon/evm/fault";
import { bytesToHex } from "@koinon/secp256k1/hex";
import type { Candidate } from "@koinon/state/candidate";
import { orderedRoot } from "@koinon/trie/ordered-root";
import type { ExecutedBlock } from "../executed-block.ts";
import { receiptFields, transactionsRoot } from "./block-roots.ts";
import { type BlockEnvironment, BlockRun, type BlockRunDependencies, type ParentBlock } from "./block-run.ts";
import { blockSize, transactionItemBytes } from "./block-size.ts";
import type { PayloadAttributes } from "./execution-engine.ts";
import type { Pacing } from "./pacing.ts";

/** Transactions in the order in which a block wants them. */
export interface TransactionSelection {
  /** The best one; it stays until `accept` or `dismiss`. */
  peek(): EncodedTransaction | undefined;
  /** It was taken. */
  accept(): void;
  /** It was not, and its sender's others will not be either. */
  dismiss(): void;
  /** It can not be in any block, and should not be offered again. */
  reject(transaction: EncodedTransaction): void;
}

/** What a builder decides by itself. */
export interface BuildPolicy {
  /** Gas limit that blocks move towards, by less than 1/1024 each. */
  readonly gasLimitTarget: bigint;
  /** At most 32 bytes. */
  readonly extraData: Uint8Array;
}

/** A block with the state after it. */
export interface PreparedBlock {
  readonly block: ExecutedBlock;
  /** What the fee recipient gets, in wei. */
  readonly value: bigint;
  readonly candidate: Candidate;
}

/** Gas of the cheapest transaction: with less left, a block is full. */
const transactionGasMin = 21_000n;
/** Set aside of a block's bytes for its header and the prefixes of its lists. */
const headerBytesReserve = 2_048;

/** Fills a block on a parent from a selection, executing each transaction once, and finishes it. */
export async function buildBlock(
  parent: ParentBlock,
  attributes: PayloadAttributes,
  selection: TransactionSelection,
  dependencies: BlockRunDependencies & { readonly policy: BuildPolicy; readonly pacing: Pacing },
): Promise<PreparedBlock> {
  const environment = nextEnvironment(parent.header, attributes, dependencies);
  const run = new BlockRun(parent, environment, dependencies);
  await fill(run, environment, attributes, selection, dependencies);
  const { pacing } = dependencies;
  const { requests, candidate, changed } = await pacing.carryOut(run.finish(attributes.withdrawals));
  const fork = dependencies.config.forks.forkAt(environment.timestamp);
  const { transactions, outcomes } = run;
  const { withdrawals } = attributes;
  const receipts = await pacing.carryOut(receiptFields(transactions, outcomes));
  const header: BlockHeader = {
    ...environment,
    parentHash: parent.hash,
    unclesHash: emptyUnclesHash,
    stateRoot: candidate.root,
    transactionsRoot: transactionsRoot(transactions),
    ...receipts,
    difficulty: 0n,
    gasUsed: run.gasUsed,
    extraData: dependencies.policy.extraData,
    nonce: zeroNonce,
    withdrawalsRoot: bytesToHex(orderedRoot(withdrawals.map(encodeWithdrawal))),
    blobGasUsed: run.blobGasUsed,
    requestsHash: isActive(fork, "prague") ? requestsHash(requests) : undefined,
  };
  const raws = transactions.map(({ raw }) => raw);
  const sizeBytes = blockSize(header, raws, withdrawals);
  const hash = blockHash(header);
  return {
    candidate,
    value: run.value,
    block: { hash, header, transactions, withdrawals, outcomes, requests, sizeBytes, changed },
  };
}

function nextEnvironment(
  parent: BlockHeader,
  { timestamp, suggestedFeeRecipient, prevRandao, parentBeaconBlockRoot }: PayloadAttributes,
  { config, policy }: BlockRunDependencies & { readonly policy: BuildPolicy },
): BlockEnvironment {
  return {
    number: parent.number + 1n,
    timestamp,
    gasLimit: nextGasLimit(parent.gasLimit, policy.gasLimitTarget),
    beneficiary: suggestedFeeRecipient,
    prevRandao,
    baseFeePerGas: nextBaseFeePerGas(parent),
    excessBlobGas: nextExcessBlobGas(parent, config.forks.forkAt(timestamp), config.forks.blobsAt(timestamp)),
    parentBeaconBlockRoot,
  };
}

/** As near to the target as one block may go (yellow paper, section 4.3.4). */
export function nextGasLimit(parent: bigint, target: bigint): bigint {
  const step = parent / 1024n - 1n;
  if (step <= 0n) return parent;
  if (target > parent) return target - parent < step ? target : parent + step;
  return parent - target < step ? target : parent - step;
}

async function fill(
  run: BlockRun,
  { gasLimit }: BlockEnvironment,
  { withdrawals }: PayloadAttributes,
  selection: TransactionSelection,
  { pacing }: { readonly pacing: Pacing },
): Promise<void> {
  let room = blockBytesMax - headerBytesReserve;
  for (const withdrawal of withdrawals) room -= encodeWithdrawal(withdrawal).length;
  for (let next = selection.peek(); next !== undefined; next = selection.peek()) {
    const gasLeft = gasLimit - run.gasUsed;
    if (gasLeft < transactionGasMin) return;
    const size = transactionItemBytes(next.raw);
    // Decoded when its turn has come: what waits does so as bytes, and what is made here is not needed again.
    const payload = payloadOf(next);
    const fault = size > room || payload.gasLimit > gasLeft ? noRoom : tryAdd(run, next, payload);
    if (fault === undefined) {
      room -= size;
      selection.accept();
    } else {
      selection.dismiss();
      if (!passing.has(fault)) selection.reject(next);
    }
    if (pacing.isDue()) await pacing.pause();
  }
}

const noRoom = "BLOCK_GAS_EXHAUSTED";

/** Faults that may be gone in another block; the pool follows what they depend on. */
const passing: ReadonlySet<TransactionFault["code"]> = new Set<TransactionFault["code"]>([
  noRoom,
  "NONCE_TOO_LOW",
  "NONCE_TOO_HIGH",
  "INSUFFICIENT_FUNDS",
  "FEE_BELOW_BASE_FEE",
]);

/** Executes a transaction, or says why it is not valid here: the pool knows less than execution does. */
function tryAdd(
  run: BlockRun,
  next: EncodedTransaction,
  payload: TransactionPayload,
): TransactionFault["code"] | undefined {
  try {
    run.add(next, payload);
    return undefined;
  } catch (error) {
    if (error instanceof TransactionError) return error.code;
    throw error;
  }
}
