import type { EncodedTransaction } from "@koinon/ethereum/transaction";
import type { Hex } from "@koinon/secp256k1/hex";
import type { TableWriter } from "@koinon/state/user-tables";
import type { ChainHeader } from "../chain-view.ts";
import type { ExecutedBlock } from "../executed-block.ts";
import { removeBlock, writeBlock } from "../store/block-writes.ts";
import { type ChainStore, writeMark } from "../store/chain-store.ts";
import { markKeys } from "../store/tables.ts";
import type { PreparedBlock } from "./block-building.ts";
import type { ParentBlock } from "./block-run.ts";
import type { Pacing } from "./pacing.ts";

/** Numbers of the blocks that consensus calls safe and final; undefined leaves what is known. */
export interface ChainMarks {
  readonly safe: bigint | undefined;
  readonly finalized: bigint | undefined;
}

/** A block that was taken off the chain, with what it takes to execute it again. */
export type UndoneBlock = Omit<ExecutedBlock, "changed" | "requests">;

/** Told when blocks are on disk or off it, in order. */
export interface DurabilityListener {
  added(block: ExecutedBlock): void;
  removed(block: UndoneBlock): void;
}

/**
 * The chain that fork choice chose. A block belongs to it from the moment it is adopted, and is on disk a little later: the next
 * one can be built meanwhile. Blocks reach the disk in order, each with its state in one transaction.
 */
export class CanonicalChain {
  private readonly store: ChainStore;
  private readonly listener: DurabilityListener;
  private readonly createPacing: () => Pacing;
  private tip: ParentBlock;
  /** Adopted blocks that are not on disk yet, by number. */
  private readonly pending = new Map<bigint, PreparedBlock>();
  private lastCommit: Promise<void> = Promise.resolve();
  /** What the last commit says is safe and final; undefined when anything was noted since. */
  private lastMarks: ChainMarks | undefined;

  /** `createPacing` makes a new one for every block that goes to disk. */
  constructor(store: ChainStore, listener: DurabilityListener, createPacing: () => Pacing) {
    this.store = store;
    this.listener = listener;
    this.createPacing = createPacing;
    this.tip = this.committed(store.head());
  }

  /** The last adopted block. */
  get head(): ParentBlock {
    return this.tip;
  }

  /** A transaction of a block that is adopted and not on disk yet. */
  pendingTransaction(hash: Hex): EncodedTransaction | undefined {
    for (const { block } of this.pending.values()) {
      const found = block.transactions.find((transaction) => transaction.hash === hash);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** A block that is adopted and not on disk yet. */
  pendingBlock(hash: Hex): ExecutedBlock | undefined {
    for (const { block } of this.pending.values()) if (block.hash === hash) return block;
    return undefined;
  }

  /** The number of a block of the chain. */
  numberOf(hash: Hex): bigint | undefined {
    for (const [number, { block }] of this.pending) if (block.hash === hash) return number;
    return this.store.numberOf(hash);
  }

  hashAt(number: bigint): Hex | undefined {
    return this.pending.get(number)?.block.hash ?? this.store.hashAt(number);
  }

  /** A block of the chain as a parent; undefined when it is not on the chain, or its state is too old to be read. */
  parent(hash: Hex): ParentBlock | undefined {
    if (hash === this.tip.hash) return this.tip;
    const number = this.numberOf(hash);
    if (number === undefined) return undefined;
    const waiting = this.pending.get(number);
    if (waiting !== undefined) return asParent(waiting);
    const header = number < this.store.state.oldest ? undefined : this.store.headerAt(number);
    return header === undefined ? undefined : this.committed(header);
  }

  /** Makes a block on the head the new head; resolves when it is on disk. */
  adopt(prepared: PreparedBlock, marks: ChainMarks): Promise<void> {
    const { block, candidate } = prepared;
    const { hash, header } = block;
    this.tip = asParent(prepared);
    this.pending.set(header.number, prepared);
    this.lastMarks = marks;
    const id = { number: header.number, hash, parentHash: header.parentHash };
    const commit = this.store.state.commit(candidate, id, {
      carryOut: (steps) => this.createPacing().carryOut(steps),
      write: (tables) => {
        writeBlock(tables, block);
        writeMarks(tables, marks);
      },
    });
    this.lastCommit = this.settle(commit, prepared);
    return this.lastCommit;
  }

  /** Takes the head back to an ancestor of it, durably; answers what was undone, the highest first. */
  async revert(to: ChainHeader): Promise<UndoneBlock[]> {
    await this.lastCommit;
    const undone: UndoneBlock[] = [];
    for (let number = this.tip.header.number; number > to.header.number; number--) {
      undone.push(this.read(this.store.headerAt(number) as ChainHeader));
    }
    await this.store.state.revert(to.hash, {
      write: (tables) => {
        for (const { hash, header, transactions, withdrawals } of undone) {
          const transactionHashes = transactions.map((transaction) => transaction.hash);
          removeBlock(tables, { hash, number: header.number, transactionHashes, withdrawals });
        }
      },
    });
    this.tip = this.committed(to);
    for (const block of undone) this.listener.removed(block);
    return undone;
  }

  /** Notes what is safe and final when no block is adopted with it; resolves when that, and what was adopted, is on disk. */
  async mark(marks: ChainMarks): Promise<void> {
    const { lastMarks } = this;
    if (marks.safe === lastMarks?.safe && marks.finalized === lastMarks?.finalized) return this.lastCommit;
    const isKnown = (key: Uint8Array, number: bigint | undefined): boolean =>
      number === undefined || this.store.mark(key) === number;
    if (isKnown(markKeys.safe, marks.safe) && isKnown(markKeys.finalized, marks.finalized)) return;
    this.lastMarks = undefined;
    await this.store.state.write((tables) => writeMarks(tables, marks));
  }

  /** Waits until everything adopted is on disk. */
  async flush(): Promise<void> {
    await this.lastCommit;
  }

  private async settle(commit: Promise<unknown>, { block }: PreparedBlock): Promise<void> {
    await commit;
    this.pending.delete(block.header.number);
    this.listener.added(block);
  }

  private committed({ hash, header }: ChainHeader): ParentBlock {
    return { hash, header, state: this.store.state.at(hash), base: hash };
  }

  private read(block: ChainHeader): UndoneBlock {
    const stored = this.store.transactions(block);
    const { hash, header, sizeBytes } = block;
    return {
      hash,
      header,
      sizeBytes,
      transactions: stored.map(({ raw, hash, sender }) => ({ raw, hash, sender })),
      outcomes: stored,
      withdrawals: this.store.withdrawals(header.number),
    };
  }
}

/** A block that is not on disk as a parent. */
export function asParent({ block, candidate }: PreparedBlock): ParentBlock {
  return { hash: block.hash, header: block.header, state: candidate.state, base: candidate };
}

function writeMarks(tables: TableWriter, { safe, finalized }: ChainMarks): void {
  if (safe !== undefined) writeMark(tables, markKeys.safe, safe);
  if (finalized !== undefined) writeMark(tables, markKeys.finalized, finalized);
}
