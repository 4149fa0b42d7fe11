import { setImmediate as nextTurn } from "node:timers/promises";
import type { RecoveredTransaction } from "@koinon/ethereum/transaction";
import { type Hex, isHex } from "@koinon/secp256k1/hex";
import type { BlockEvent, ChainHeader, ChainLog, ChainSubscriptions, LogEvent, LogFilter } from "../chain-view.ts";
import type { UndoneBlock } from "../engine/canonical-chain.ts";
import { ChainError } from "../errors.ts";
import type { Mempool } from "../mempool/mempool.ts";
import type { ChainStore } from "../store/chain-store.ts";
import { hashLogQuery } from "../store/log-filter.ts";
import type { HeadSignal } from "./head-signal.ts";
import { bloomMayMatch, matchingLogs } from "./log-search.ts";
import { settledOrAborted } from "./settled-or-aborted.ts";

/** Pieces of a block between two turns: five hundred transactions, a few milliseconds. */
const piecesPerTurn = 8;

interface Position {
  readonly number: bigint;
  readonly hash: Hex;
}

interface Step {
  readonly kind: "added" | "removed";
  readonly block: ChainHeader;
  /** A removed block's content, which the disk has no more. */
  readonly undone: UndoneBlock | undefined;
  readonly position: Position;
}

/** Follows the chain on disk: each subscriber walks at its own pace and waits at the head. */
export class StoreSubscriptions implements ChainSubscriptions {
  private readonly store: ChainStore;
  private readonly mempool: Mempool;
  private readonly heads: HeadSignal;

  constructor(dependencies: { readonly store: ChainStore; readonly mempool: Mempool; readonly heads: HeadSignal }) {
    this.store = dependencies.store;
    this.mempool = dependencies.mempool;
    this.heads = dependencies.heads;
  }

  async *blocks(options: { cursor?: string | undefined; signal: AbortSignal }): AsyncIterable<BlockEvent> {
    yield* this.steps(options, ({ kind, block }) => ({ kind, block }));
  }

  async *logs(
    filter: LogFilter,
    options: { cursor?: string | undefined; signal: AbortSignal },
  ): AsyncIterable<LogEvent> {
    yield* this.steps(options, async ({ kind, block, undone }) => {
      if (!bloomMayMatch(block.header.logsBloom, filter)) return { kind, block, logs: [] };
      const logs =
        undone === undefined ? await this.logsOnDisk(block, filter) : logsOfUndone(undone, block, filter, true);
      return { kind, block, logs };
    });
  }

  /** Gives the thread back now and then: a block may have a hundred thousand logs, and each subscriber looks at all of them. */
  private async logsOnDisk(block: ChainHeader, filter: LogFilter): Promise<ChainLog[]> {
    const query = hashLogQuery([filter.addresses, ...filter.topics]);
    const logs: ChainLog[] = [];
    let pieces = 0;
    for (const piece of this.store.transactionsWithLogs(block, query)) {
      for (const log of matchingLogs(filter, block, piece)) logs.push(log);
      if (++pieces % piecesPerTurn !== 0) continue;
      await nextTurn();
      if (this.store.hashAt(block.header.number) === block.hash) continue;
      // Undone meanwhile: its pieces are off the disk, and what they said is in memory.
      const undone = this.heads.undoneBlock(block.hash);
      if (undone === undefined) throw new ChainError({ code: "CURSOR_TOO_OLD" });
      return logsOfUndone(undone, block, filter, false);
    }
    return logs;
  }

  async *pendingTransactions({ queueMax, signal }: { queueMax: number; signal: AbortSignal }) {
    let queue: RecoveredTransaction[] = [];
    let dropped = 0;
    let arrived = Promise.withResolvers<void>();
    const stop = this.mempool.subscribe({
      pending(transaction) {
        queue.push(transaction);
        // Cutting at twice the bound keeps this linear.
        if (queue.length >= 2 * queueMax) dropped += queue.splice(0, queue.length - queueMax).length;
        arrived.resolve();
      },
    });
    try {
      for (;;) {
        await settledOrAborted(arrived.promise, signal);
        if (signal.aborted) return;
        const transactions = queue.slice(-queueMax);
        const batch = { transactions, dropped: dropped + queue.length - transactions.length };
        queue = [];
        dropped = 0;
        arrived = Promise.withResolvers<void>();
        yield batch;
      }
    } finally {
      stop();
    }
  }

  /** Walks along the chain. A step is looked at when it is made: at the next turn its block may be off the disk. */
  private async *steps<T extends object>(
    { cursor, signal }: { cursor?: string | undefined; signal: AbortSignal },
    look: (step: Step) => T | Promise<T>,
  ): AsyncGenerator<T & { readonly cursor: string }> {
    let position = cursor === undefined ? this.headPosition() : parseCursor(cursor);
    if (this.store.hashAt(position.number) !== position.hash && this.heads.undoneBlock(position.hash) === undefined) {
      throw new ChainError({ code: "CURSOR_TOO_OLD" });
    }
    while (!signal.aborted) {
      const change = this.heads.change();
      const step = this.stepFrom(position);
      if (step === undefined) await settledOrAborted(change, signal);
      else {
        position = step.position;
        yield { ...(await look(step)), cursor: formatCursor(position) };
      }
    }
  }

  private stepFrom({ number, hash }: Position): Step | undefined {
    if (this.store.hashAt(number) === hash) {
      const block = this.store.headerAt(number + 1n);
      if (block === undefined) return undefined;
      return { kind: "added", block, undone: undefined, position: { number: number + 1n, hash: block.hash } };
    }
    const undone = this.heads.undoneBlock(hash);
    if (undone === undefined) throw new ChainError({ code: "CURSOR_TOO_OLD" });
    const { header, transactions, sizeBytes } = undone;
    const block: ChainHeader = { hash, header, transactionCount: transactions.length, sizeBytes };
    return { kind: "removed", block, undone, position: { number: number - 1n, hash: header.parentHash } };
  }

  private headPosition(): Position {
    const { hash, header } = this.store.head();
    return { number: header.number, hash };
  }
}

function logsOfUndone(undone: UndoneBlock, block: ChainHeader, filter: LogFilter, isRemoved: boolean): ChainLog[] {
  return matchingLogs(filter, block, { first: 0, transactions: numbered(undone) }, isRemoved);
}

function numbered({ transactions, outcomes }: UndoneBlock) {
  let firstLogIndex = 0;
  return transactions.map(({ hash }, index) => {
    const logs = outcomes[index]?.logs ?? [];
    firstLogIndex += logs.length;
    return { hash, logs, firstLogIndex: firstLogIndex - logs.length };
  });
}

function formatCursor({ number, hash }: Position): string {
  return `${number}-${hash}`;
}

function parseCursor(cursor: string): Position {
  const [number = "", hash] = cursor.split("-");
  if (!/^\d{1,20}$/.test(number) || !isHex(hash, 32)) throw new ChainError({ code: "CURSOR_INVALID" });
  return { number: BigInt(number), hash };
}
