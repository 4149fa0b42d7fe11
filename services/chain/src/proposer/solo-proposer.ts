import { setTimeout as delay } from "node:timers/promises";
import type { Withdrawal } from "@koinon/ethereum/withdrawal";
import type { Address } from "@koinon/secp256k1/address";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import {
  type BuiltPayload,
  type EngineHead,
  type ExecutionEngine,
  isValid,
  type PayloadAttributes,
  type PayloadStatus,
} from "../engine/execution-engine.ts";
import { ProposerError } from "./proposer-error.ts";

/** When blocks are proposed. */
export interface SoloProposerOptions {
  /** Least time from one block to the next, in milliseconds. */
  readonly intervalMs: number;
  /** Proposes empty blocks when the interval is over; otherwise waits for a transaction or a withdrawal. */
  readonly emptyBlocks: boolean;
  readonly feeRecipient: Address;
  /** How long an engine gets to fill a block before it is asked for it; 0 for one that builds when asked. */
  readonly buildMs: number;
}

/** What a block carries besides transactions, by the proposer's choice. */
export interface BlockCommitments {
  /** What EIP-4788 makes known to contracts: consensus' root before this block. */
  parentBeaconBlockRoot(parent: EngineHead): Hex;
  /** Native coin to be credited with the block after `parent`; the same again when that block does not come about. */
  withdrawals(parent: EngineHead): readonly Withdrawal[];
}

/** What the proposer needs from outside. */
export interface SoloProposerDependencies {
  readonly engine: ExecutionEngine;
  readonly clock: { now(): number };
  readonly random: { bytes(count: number): Uint8Array };
  readonly commitments: BlockCommitments;
  /** Told of every block that became the head. */
  adopted?(built: BuiltPayload): void;
  /** Resolves when a transaction or a withdrawal waits for a block. */
  itemsWait(signal: AbortSignal): Promise<void>;
  /** How many of both wait, those of a block that is built and not adopted included. */
  itemsWaiting(): number;
}

/** How often the pool is looked at while a block goes to disk. */
const lookMs = 20;

/**
 * How many items are worth a block beside one of so many that goes to disk: a block of a few would wait for the disk as long, and
 * what came meanwhile for two more.
 */
function itemsWorthwhile(size: number): number {
  return Math.max(1, Math.ceil(size / 2));
}

/** No consensus below and no coin from outside. */
export const noCommitments: BlockCommitments = {
  parentBeaconBlockRoot: () => `0x${"00".repeat(32)}`,
  withdrawals: () => [],
};

/**
 * Orders alone: every block it proposes is final. It keeps nothing: the engine's head is where it goes on, so that it can be
 * killed at any point. What was built and not adopted is built again.
 */
export class SoloProposer {
  private readonly options: SoloProposerOptions;
  private readonly dependencies: SoloProposerDependencies;

  constructor(options: SoloProposerOptions, dependencies: SoloProposerDependencies) {
    this.options = options;
    this.dependencies = dependencies;
  }

  /** Proposes until the signal aborts; throws what the engine throws, and ProposerError when it refuses its own block. */
  async run(signal: AbortSignal): Promise<void> {
    let head = await this.dependencies.engine.head(signal);
    let dueMs = 0;
    let ordered: Hex | undefined;
    while (!signal.aborted) {
      if (ordered === undefined) {
        await this.waitForTurn(dueMs, signal);
        if (signal.aborted) return;
        dueMs = this.dependencies.clock.now() + this.options.intervalMs;
        ordered = await this.order(head, signal);
      }
      const built = await this.take(ordered, signal);
      head = headOf(built);
      // The next block is built while this one goes to disk, when there is no time to lose.
      const isDue = await this.adoptUntil(dueMs, built, signal);
      if (isDue) dueMs = this.dependencies.clock.now() + this.options.intervalMs;
      ordered = isDue ? await this.order(head, signal) : undefined;
      this.dependencies.adopted?.(built);
    }
  }

  /** Proposes one block on a head, now; answers the new head. */
  async propose(head: EngineHead, signal: AbortSignal): Promise<EngineHead> {
    const next = headOf(await this.take(await this.order(head, signal), signal));
    await this.adopt(next, undefined, signal);
    return next;
  }

  /** Makes a block the head and orders the next one. */
  private async order(head: EngineHead, signal: AbortSignal): Promise<Hex> {
    const payloadId = await this.adopt(head, this.attributes(head), signal);
    if (payloadId === undefined) throw new ProposerError({ code: "NO_PAYLOAD", head: head.hash });
    return payloadId;
  }

  private async adopt(
    { hash }: EngineHead,
    attributes: PayloadAttributes | undefined,
    signal: AbortSignal,
  ): Promise<Hex | undefined> {
    const choice = { headBlockHash: hash, safeBlockHash: hash, finalizedBlockHash: hash };
    const { payloadStatus, payloadId } = await this.dependencies.engine.forkchoiceUpdated(choice, attributes, signal);
    assertValid(payloadStatus, hash);
    return payloadId;
  }

  /** Takes what was built and has the engine check it, which costs ours nothing and another what it costs. */
  private async take(payloadId: Hex, signal: AbortSignal): Promise<BuiltPayload> {
    const { engine } = this.dependencies;
    if (this.options.buildMs > 0) await delay(this.options.buildMs, undefined, { signal });
    const built = await engine.getPayload(payloadId, signal);
    assertValid(await engine.newPayload(built, signal), built.payload.blockHash);
    return built;
  }

  /** Makes a block the head; true when the next one is to be begun though this one is not on disk yet. */
  private async adoptUntil(dueMs: number, built: BuiltPayload, signal: AbortSignal): Promise<boolean> {
    const { clock } = this.dependencies;
    const { transactions, withdrawals } = built.payload;
    const size = transactions.length + withdrawals.length;
    // Whoever orders the next block adopts this one.
    if (clock.now() >= dueMs && this.isEnough(itemsWorthwhile(size) + size)) return true;
    let isDurable = false;
    const durable = this.adopt(headOf(built), undefined, signal).then(() => {
      isDurable = true;
    });
    while (!isDurable) {
      await Promise.race([durable, delay(lookMs)]);
      const isDue = clock.now() >= dueMs && !signal.aborted;
      if (!isDurable && isDue && this.isEnough(itemsWorthwhile(size))) return true;
    }
    return false;
  }

  private isEnough(items: number): boolean {
    return this.options.emptyBlocks || this.dependencies.itemsWaiting() >= items;
  }

  private async waitForTurn(dueMs: number, signal: AbortSignal): Promise<void> {
    const waitMs = dueMs - this.dependencies.clock.now();
    try {
      if (waitMs > 0) await delay(waitMs, undefined, { signal });
      if (!this.options.emptyBlocks) await this.dependencies.itemsWait(signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  private attributes(head: EngineHead): PayloadAttributes {
    const { clock, random, commitments } = this.dependencies;
    const now = BigInt(Math.floor(clock.now() / 1000));
    return {
      // Blocks that come faster than one a second run ahead of the clock: their times must differ.
      timestamp: now > head.timestamp ? now : head.timestamp + 1n,
      prevRandao: bytesToHex(random.bytes(32)),
      suggestedFeeRecipient: this.options.feeRecipient,
      withdrawals: commitments.withdrawals(head),
      parentBeaconBlockRoot: commitments.parentBeaconBlockRoot(head),
    };
  }
}

function headOf({ payload }: BuiltPayload): EngineHead {
  return { hash: payload.blockHash, number: payload.blockNumber, timestamp: payload.timestamp };
}

function assertValid(status: PayloadStatus, block: Hex): void {
  if (isValid(status)) return;
  const { status: answer, validationError: reason = "" } = status;
  throw new ProposerError({ code: "OWN_BLOCK_REFUSED", block, status: answer, reason });
}
