import type { Block } from "@koinon/ethereum/block";
import { type BlockHeader, blockHash } from "@koinon/ethereum/block-header";
import type { EncodedTransaction } from "@koinon/ethereum/transaction";
import type { Hex } from "@koinon/secp256k1/hex";
import { InvalidBlockError } from "../errors.ts";
import type { RecoveryPool } from "../ingest/recovery-pool.ts";
import type { NextBlock } from "../mempool/admission-rules.ts";
import type { Mempool } from "../mempool/mempool.ts";
import type { ChainStore } from "../store/chain-store.ts";
import { type BuildPolicy, buildBlock, type PreparedBlock } from "./block-building.ts";
import type { BlockRunDependencies, ParentBlock } from "./block-run.ts";
import { recoverBlock } from "./block-senders.ts";
import type { BlockTree } from "./block-tree.ts";
import { assertHeaderFollows, type UnexecutedBlock, validateBlock } from "./block-validation.ts";
import type { CanonicalChain } from "./canonical-chain.ts";
import {
  type BuiltPayload,
  EngineError,
  type EngineHead,
  type ExecutionEngine,
  type ExecutionPayload,
  type ForkchoiceOutcome,
  type ForkchoiceState,
  type PayloadAttributes,
  type PayloadStatus,
  type ProposedPayload,
} from "./execution-engine.ts";
import { type Branch, ForkChoice } from "./fork-choice.ts";
import { type OrphanLimits, Orphans } from "./orphans.ts";
import { createPacing } from "./pacing.ts";
import { blobHashes, bodyFault, checkedPayloadHeader, proposedPayload } from "./payload.ts";
import { payloadIdOf } from "./payload-id.ts";
import { Turns } from "./turns.ts";

/** What the engine decides by itself. */
export interface NativeEngineOptions extends BuildPolicy, OrphanLimits {
  /** How long execution keeps the thread before it lets others have a turn. */
  readonly sliceMs: number;
  /**
   * Builds a payload as soon as it is ordered, while the block before it goes to disk, rather than when it is asked for: for a
   * proposer that asks at once.
   */
  readonly buildsAhead: boolean;
}

/** What the engine works with. */
export interface NativeEngineDependencies extends BlockRunDependencies {
  readonly store: ChainStore;
  readonly chain: CanonicalChain;
  readonly tree: BlockTree;
  readonly mempool: Mempool;
  readonly recovery: RecoveryPool;
  readonly clock: { now(): number };
  readonly nextBlock: (head: BlockHeader) => NextBlock;
}

interface BuildJob {
  readonly parent: ParentBlock;
  readonly attributes: PayloadAttributes;
  built: Promise<PreparedBlock> | undefined;
}

const zeroHash: Hex = `0x${"00".repeat(32)}`;
/** Consensus asks for a payload soon or not at all. */
const jobsMax = 8;

/** The engine of this package: executes, builds and stores blocks. */
export class NativeEngine implements ExecutionEngine {
  private readonly options: NativeEngineOptions;
  private readonly dependencies: NativeEngineDependencies;
  private readonly forkChoice: ForkChoice;
  private readonly jobs = new Map<Hex, BuildJob>();
  /** Payloads as they were handed out: their hash is their hash. */
  private readonly own = new WeakSet<ExecutionPayload>();
  /** Blocks are executed and chosen one after the other; only commits overlap with what follows. */
  private readonly turns = new Turns();
  private readonly orphans: Orphans;
  /** Blocks that others may have waited for; grows while it is gone through. */
  private arrived: Hex[] = [];

  constructor(options: NativeEngineOptions, dependencies: NativeEngineDependencies) {
    this.options = options;
    this.dependencies = dependencies;
    this.orphans = new Orphans(options);
    this.forkChoice = new ForkChoice({
      ...dependencies,
      reexecute: (block, parent) => this.execute(block, parent),
    });
  }

  newPayload(proposed: ProposedPayload, signal: AbortSignal): Promise<PayloadStatus> {
    return this.turns.take(() => this.check(proposed, signal));
  }

  /** Checks a whole block, as nodes hand them on and files keep them; like `newPayload`, which lacks only its header. */
  newBlock(block: Block, signal: AbortSignal): Promise<PayloadStatus> {
    const hash = blockHash(block.header);
    return this.turns.take(async () => {
      if (this.isKnown(hash)) return valid(hash);
      const fault = bodyFault(block);
      // Another body may be the header's.
      return fault === undefined ? this.checkBlock(hash, block, { signal }) : invalid(undefined, fault.message);
    });
  }

  async forkchoiceUpdated(
    state: ForkchoiceState,
    attributes: PayloadAttributes | undefined,
  ): Promise<ForkchoiceOutcome> {
    const { payloadStatus, job, durable } = await this.turns.take(() => this.choose(state, attributes));
    const fault = job === undefined ? undefined : attributesFault(job);
    const payloadId = job === undefined || fault !== undefined ? undefined : this.order(job);
    await durable;
    if (fault !== undefined) throw new EngineError({ code: "PAYLOAD_ATTRIBUTES_INVALID", reason: fault });
    return { payloadStatus, payloadId };
  }

  async getPayload(payloadId: Hex): Promise<BuiltPayload> {
    const job = this.jobs.get(payloadId);
    if (job === undefined) throw new EngineError({ code: "PAYLOAD_UNKNOWN", payloadId });
    const { block, value } = await this.startBuild(job);
    const proposed = proposedPayload(block);
    this.own.add(proposed.payload);
    return { ...proposed, blockValue: value };
  }

  async head(): Promise<EngineHead> {
    const { hash, header } = this.dependencies.chain.head;
    return { hash, number: header.number, timestamp: header.timestamp };
  }

  /** Waits until everything begun is done and on disk. */
  async flush(): Promise<void> {
    await this.turns.take(() => this.dependencies.chain.flush());
  }

  private async check(proposed: ProposedPayload, signal: AbortSignal): Promise<PayloadStatus> {
    const { payload, blobVersionedHashes } = proposed;
    const { blockHash: hash, transactions, withdrawals } = payload;
    if (this.own.has(payload) && this.isKnown(hash)) return valid(hash);
    const header = headerOrFault(proposed);
    // The hash names no block, so nothing can be remembered about it.
    if (header instanceof InvalidBlockError) return invalid(undefined, header.message);
    if (this.isKnown(hash)) return valid(hash);
    return this.checkBlock(hash, { header, transactions, withdrawals }, { blobVersionedHashes, signal });
  }

  private async checkBlock(
    hash: Hex,
    { header, transactions: raws, withdrawals }: Block,
    {
      blobVersionedHashes,
      signal,
    }: { readonly blobVersionedHashes?: readonly Hex[] | undefined; readonly signal: AbortSignal },
  ): Promise<PayloadStatus> {
    const { tree } = this.dependencies;
    const { parentHash } = header;
    const known = tree.invalidBlock(hash);
    if (known !== undefined) return invalid(known.latestValidHash, known.reason);
    const badParent = tree.invalidBlock(parentHash);
    if (badParent !== undefined) return this.refuse(hash, badParent.latestValidHash, "PARENT_INVALID");
    const parent = tree.parent(parentHash);
    if (parent === undefined) {
      this.orphans.add({ hash, block: { header, transactions: raws, withdrawals }, blobVersionedHashes });
      return syncing;
    }
    try {
      assertHeaderFollows(header, parent, this.dependencies);
      const transactions = await recoverBlock(raws, this.dependencies, signal);
      if (blobVersionedHashes !== undefined && blobHashes(transactions).join() !== blobVersionedHashes.join()) {
        // Consensus is wrong about the block here; the block itself may be fine.
        return invalid(undefined, "BLOB_HASHES_WRONG");
      }
      await this.execute({ hash, header, transactions, withdrawals }, parent);
      return valid(hash);
    } catch (error) {
      if (error instanceof InvalidBlockError) return this.refuse(hash, parentHash, error.message);
      throw error;
    }
  }

  private isKnown(hash: Hex): boolean {
    const { chain, tree } = this.dependencies;
    return tree.candidate(hash) !== undefined || chain.numberOf(hash) !== undefined;
  }

  private refuse(hash: Hex, latestValidHash: Hex | undefined, reason: string): PayloadStatus {
    this.dependencies.tree.addInvalid(hash, { latestValidHash, reason });
    this.checkOrphansOf(hash);
    return invalid(latestValidHash, reason);
  }

  private async execute(block: UnexecutedBlock, parent: ParentBlock): Promise<PreparedBlock> {
    const pacing = createPacing(this.options, this.dependencies.clock);
    const prepared = await validateBlock(block, parent, { ...this.dependencies, pacing });
    this.dependencies.tree.add(prepared);
    this.checkOrphansOf(block.hash);
    return prepared;
  }

  /** What waits for a block, and what waits for that, has the next turn: it is known when consensus chooses it. */
  private checkOrphansOf(hash: Hex): void {
    if (this.orphans.size === 0) return;
    this.arrived.push(hash);
    if (this.arrived.length > 1) return;
    // Whoever hands a block in once more gets its error.
    this.turns.take(() => this.checkArrived()).catch(() => undefined);
  }

  private async checkArrived(): Promise<void> {
    try {
      for (const parent of this.arrived) {
        for (const { hash, block, blobVersionedHashes } of this.orphans.takeChildren(parent)) {
          await this.checkBlock(hash, block, { blobVersionedHashes, signal: untilItIsDone });
        }
      }
    } finally {
      this.arrived = [];
    }
  }

  private async choose(
    state: ForkchoiceState,
    attributes: PayloadAttributes | undefined,
  ): Promise<{ payloadStatus: PayloadStatus; job: BuildJob | undefined; durable: Promise<void> }> {
    const { chain, tree } = this.dependencies;
    const { headBlockHash: head } = state;
    const nothing = { job: undefined, durable: Promise.resolve() };
    const known = tree.invalidBlock(head);
    if (known !== undefined) return { ...nothing, payloadStatus: invalid(known.latestValidHash, known.reason) };
    const branch = this.forkChoice.find(head);
    if (branch === undefined) return { ...nothing, payloadStatus: syncing };
    const marks = {
      safe: this.markOf("safe", state.safeBlockHash, branch),
      finalized: this.markOf("finalized", state.finalizedBlockHash, branch),
    };
    // An ancestor of the head is no reason to go back (Engine API, forkchoiceUpdated, point 2).
    const isOld = branch.blocks.length === 0 && head !== chain.head.hash;
    if (isOld) return { ...nothing, payloadStatus: valid(head) };
    const { durable } = await this.forkChoice.adopt(branch, marks);
    const job = attributes && { parent: chain.head, attributes, built: undefined };
    return { payloadStatus: valid(head), job, durable };
  }

  /** The number of a block that consensus calls safe or final: it must be on the branch. */
  private markOf(name: string, hash: Hex, { ancestor, blocks }: Branch): bigint | undefined {
    if (hash === zeroHash) return undefined;
    for (const entry of blocks) {
      const block = "candidate" in entry ? entry.block : entry;
      if (block.hash === hash) return block.header.number;
    }
    const number = this.dependencies.chain.numberOf(hash);
    if (number !== undefined && number <= ancestor.header.number) return number;
    throw new EngineError({ code: "FORKCHOICE_STATE_INVALID", reason: `${name} block is not an ancestor of the head` });
  }

  private order(job: BuildJob): Hex {
    const id = payloadIdOf(job.parent.hash, job.attributes);
    const known = this.jobs.get(id);
    if (known !== undefined) return id;
    this.jobs.set(id, job);
    for (const oldest of this.jobs.keys()) {
      if (this.jobs.size <= jobsMax) break;
      this.jobs.delete(oldest);
    }
    if (this.options.buildsAhead) void this.startBuild(job);
    return id;
  }

  private startBuild(job: BuildJob): Promise<PreparedBlock> {
    if (job.built === undefined) {
      job.built = this.turns.take(() => this.build(job));
      // Whoever asks for the payload gets the error; nobody may.
      job.built.catch(() => undefined);
    }
    return job.built;
  }

  private async build({ parent, attributes }: BuildJob): Promise<PreparedBlock> {
    const { mempool, clock, tree } = this.dependencies;
    const pacing = createPacing(this.options, clock);
    const dependencies = { ...this.dependencies, policy: this.options, pacing };
    const best = mempool.select();
    const selection = {
      peek: () => best.peek(),
      accept: () => best.accept(),
      dismiss: () => best.dismiss(),
      reject: ({ hash }: EncodedTransaction) => void mempool.withdraw(hash),
    };
    const prepared = await buildBlock(parent, attributes, selection, dependencies);
    tree.add(prepared);
    this.checkOrphansOf(prepared.block.hash);
    return prepared;
  }
}

const untilItIsDone: AbortSignal = new AbortController().signal;

const syncing: PayloadStatus = { status: "SYNCING", latestValidHash: undefined, validationError: undefined };

function valid(hash: Hex): PayloadStatus {
  return { status: "VALID", latestValidHash: hash, validationError: undefined };
}

function invalid(latestValidHash: Hex | undefined, reason: string): PayloadStatus {
  return { status: "INVALID", latestValidHash, validationError: reason };
}

function attributesFault({ parent, attributes }: BuildJob): string | undefined {
  return attributes.timestamp > parent.header.timestamp ? undefined : "timestamp is not after the head's";
}

function headerOrFault(proposed: ProposedPayload): BlockHeader | InvalidBlockError {
  try {
    return checkedPayloadHeader(proposed);
  } catch (error) {
    if (error instanceof InvalidBlockError) return error;
    throw error;
  }
}
