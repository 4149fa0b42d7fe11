import type { Withdrawal } from "@koinon/ethereum/withdrawal";
import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
import { readBlockNumber } from "@koinon/state/block-number";
import type { TableWriter } from "@koinon/state/user-tables";
import type { ChainHeader } from "../chain-view.ts";
import { Turns } from "../engine/turns.ts";
import type { ExecutedBlock } from "../executed-block.ts";
import { indexKey } from "../store/block-writes.ts";
import { type ChainStore, writeMark } from "../store/chain-store.ts";
import { chainTables, markKeys } from "../store/tables.ts";
import { settledOrAborted } from "../view/settled-or-aborted.ts";
import { decodeQueueRecord, encodeQueueRecord, type QueueRecord, requestIdKey } from "./queue-record.ts";
import { WithdrawalError } from "./withdrawal-error.ts";

/** Bounds of the queue. */
export interface WithdrawalQueueLimits {
  /** Most withdrawals that wait for a block. */
  readonly waitingMax: number;
  /** Requests whose repetition is known; more than can wait. */
  readonly rememberedMax: bigint;
}

/** What the queue works with. */
export interface WithdrawalQueueDependencies {
  readonly store: ChainStore;
  /** Hash of the last adopted block. */
  head(): Hex;
  /** A block that is not on disk yet, adopted or not. */
  block(hash: Hex): ExecutedBlock | undefined;
}

/** Whom to credit with how much. */
export interface WithdrawalRequest {
  readonly requestId: string;
  readonly address: Address;
  readonly amountGwei: bigint;
}

/** A withdrawal, and the block on disk that credited it, once there is one. */
export interface QueuedWithdrawal {
  readonly withdrawal: Withdrawal;
  readonly block: ChainHeader | undefined;
}

/** EIP-4895, MAX_WITHDRAWALS_PER_PAYLOAD. */
const perBlockMax = 16;

/**
 * Withdrawals that the operator asked for and that wait for a block. A request gets the next index of the chain's withdrawals and is
 * on disk before it is answered or proposed. Which are in blocks is said by the blocks alone: the index behind their last one is
 * where the next block begins. So each is credited once, whenever the process dies, also when a block is built again or undone.
 */
export class WithdrawalQueue {
  readonly #limits: WithdrawalQueueLimits;
  readonly #dependencies: WithdrawalQueueDependencies;
  readonly #store: ChainStore;
  /** By index, without gaps; those at the beginning may be in blocks already. */
  readonly #waiting: Withdrawal[] = [];
  readonly #turns = new Turns();
  #arrival = Promise.withResolvers<void>();

  constructor(limits: WithdrawalQueueLimits, dependencies: WithdrawalQueueDependencies) {
    this.#limits = limits;
    this.#dependencies = dependencies;
    this.#store = dependencies.store;
    this.#follow();
  }

  /**
   * Queues a withdrawal and resolves when that is on disk; the same request again answers what became of it. Throws WithdrawalError
   * `WITHDRAWAL_MISMATCH`, `WITHDRAWAL_QUEUE_FULL`, and StateError when it can not be written.
   */
  queue(request: WithdrawalRequest): Promise<QueuedWithdrawal> {
    return this.#turns.take(async () => {
      const known = this.find(request.requestId);
      if (known !== undefined) return assertSame(known, request);
      this.#follow();
      if (this.#waiting.length >= this.#limits.waitingMax)
        throw new WithdrawalError({ code: "WITHDRAWAL_QUEUE_FULL", limit: this.#limits.waitingMax });
      const { requestId, address, amountGwei } = request;
      const withdrawal = { index: this.#nextIndex(), validatorIndex: 0n, address, amountGwei };
      await this.#store.state.write((tables) => this.#write(tables, { requestId, withdrawal }));
      // Whoever looked meanwhile may have seen it on disk.
      if ((this.#waiting.at(-1)?.index ?? -1n) < withdrawal.index) this.#waiting.push(withdrawal);
      this.#arrival.resolve();
      this.#arrival = Promise.withResolvers();
      return { withdrawal, block: undefined };
    });
  }

  /** What became of a request; undefined when it is not known, or no longer. */
  find(requestId: string): QueuedWithdrawal | undefined {
    const at = this.#store.state.table(chainTables.withdrawalRequests).get(requestIdKey(requestId));
    const withdrawal = at && this.#record(readBlockNumber(at))?.withdrawal;
    if (withdrawal === undefined) return undefined;
    const place = this.#store.state.table(chainTables.withdrawalPlaces).get(indexKey(withdrawal.index));
    return { withdrawal, block: place && this.#store.headerAt(readBlockNumber(place)) };
  }

  /** What a block on this parent credits: the next in order, as many as a block may have. */
  after(parent: Hex): readonly Withdrawal[] {
    this.#follow();
    if (this.#waiting.length === 0) return [];
    const next = this.#nextAfter(parent);
    return this.#waiting.filter(({ index }) => index >= next).slice(0, perBlockMax);
  }

  /** How many wait for a block that is adopted. */
  get waitingCount(): number {
    this.#follow();
    if (this.#waiting.length === 0) return 0;
    const next = this.#nextAfter(this.#dependencies.head());
    return this.#waiting.filter(({ index }) => index >= next).length;
  }

  /** Resolves when one waits, or the signal aborts. */
  async someWait(signal: AbortSignal): Promise<void> {
    while (this.waitingCount === 0 && !signal.aborted) await settledOrAborted(this.#arrival.promise, signal);
  }

  #write(tables: TableWriter, record: QueueRecord): void {
    const { index } = record.withdrawal;
    tables.put(chainTables.queuedWithdrawals, indexKey(index), encodeQueueRecord(record));
    tables.put(chainTables.withdrawalRequests, requestIdKey(record.requestId), indexKey(index));
    writeMark(tables, markKeys.queued, index + 1n);
    const forgotten = index - this.#limits.rememberedMax;
    const oldest = forgotten < 0n ? undefined : this.#record(forgotten);
    if (oldest === undefined) return;
    tables.remove(chainTables.queuedWithdrawals, indexKey(forgotten));
    tables.remove(chainTables.withdrawalRequests, requestIdKey(oldest.requestId));
  }

  #record(index: bigint): QueueRecord | undefined {
    const bytes = this.#store.state.table(chainTables.queuedWithdrawals).get(indexKey(index));
    return bytes && decodeQueueRecord(bytes);
  }

  /** Index of the first withdrawal that is in no block on disk. */
  #durableNext(): bigint {
    return this.#store.mark(markKeys.withdrawals) ?? 0n;
  }

  /** Index for the next request: behind all that were asked for, and behind blocks that somebody else made. */
  #nextIndex(): bigint {
    const [queued, credited] = [this.#store.mark(markKeys.queued) ?? 0n, this.#durableNext()];
    return queued > credited ? queued : credited;
  }

  /** Index of the first withdrawal that is in no block up to this one. */
  #nextAfter(hash: Hex): bigint {
    for (let current = hash; ; ) {
      const block = this.#dependencies.block(current);
      if (block === undefined) return this.#durableNext();
      const last = block.withdrawals.at(-1);
      if (last !== undefined) return last.index + 1n;
      current = block.header.parentHash;
    }
  }

  /** Lets go of what is in blocks on disk, and takes back what was in blocks that were undone. */
  #follow(): void {
    const next = this.#durableNext();
    const credited = this.#waiting.findIndex(({ index }) => index >= next);
    this.#waiting.splice(0, credited === -1 ? this.#waiting.length : credited);
    const undone = this.#read(next, this.#waiting[0]?.index ?? this.#nextIndex());
    this.#waiting.unshift(...undone);
  }

  #read(from: bigint, to: bigint): Withdrawal[] {
    const found: Withdrawal[] = [];
    for (let index = from; index < to; index++) {
      const record = this.#record(index);
      if (record !== undefined) found.push(record.withdrawal);
    }
    return found;
  }
}

function assertSame(known: QueuedWithdrawal, { address, amountGwei }: WithdrawalRequest): QueuedWithdrawal {
  const { withdrawal } = known;
  if (withdrawal.address === address && withdrawal.amountGwei === amountGwei) return known;
  throw new WithdrawalError({ code: "WITHDRAWAL_MISMATCH", index: withdrawal.index });
}
