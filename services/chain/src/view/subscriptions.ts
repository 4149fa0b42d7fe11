import { setImmediate as nextTurn } from "node:timers/promises";
import type { EncodedTransaction } from "@koinon/ethereum/transaction";
import type { Hex } from "@koinon/secp256k1/hex";
import type { BlockEvent, ChainHeader, ChainLog, ChainSubscriptions, LogEvent, LogFilter } from "../chain-view.ts";
import type { UndoneBlock } from "../engine/canonical-chain.ts";
import { ChainError } from "../errors.ts";
import type { Mempool } from "../mempool/mempool.ts";
import type { ChainStore } from "../store/chain-store.ts";
import { hashLogQuery } from "../store/log-filter.ts";
import { type Cursor, formatCursor, type Position, parseCursor, type Within } from "./cursor.ts";
import type { HeadSignal } from "./head-signal.ts";
import { logParts, partBytesMax } from "./log-parts.ts";
import { bloomMayMatch, matchingLogs } from "./log-search.ts";
import { settledOrAborted } from "./settled-or-aborted.ts";

/** Pieces of a block between two turns: five hundred transactions, a few milliseconds. */
const piecesPerTurn = 8;

interface Step {
  readonly kind: "added" | "removed";
  readonly block: ChainHeader;
  /** A removed block's content, which the disk has no more. */
  readonly undone: UndoneBlock | undefined;
  readonly position: Position;
  /** Index of the first log that is yet to be told. */
  readonly firstLog: number;
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
    const cursor = cursorOf(options.cursor);
    // Of logs, not of blocks.
    if (cursor?.within !== undefined) throw new ChainError({ code: "CURSOR_INVALID" });
    yield* this.steps(cursor, options.signal, ({ kind, block, position }) => [
      { kind, block, cursor: formatCursor(position) },
    ]);
  }

  async *logs(
    filter: LogFilter,
    options: { cursor?: string | undefined; signal: AbortSignal },
  ): AsyncIterable<LogEvent> {
    yield* this.steps(cursorOf(options.cursor), options.signal, async (step) =>
      eventsOf(step, await this.logsOf(step, filter)),
    );
  }

  private async logsOf({ kind, block, undone, firstLog }: Step, filter: LogFilter): Promise<readonly ChainLog[]> {
    if (!bloomMayMatch(block.header.logsBloom, filter)) return [];
    const isRemoved = kind === "removed";
    const logs =
      undone === undefined
        ? await this.logsOnDisk(block, filter, isRemoved)
        : logsOfUndone(undone, block, filter, isRemoved);
    return firstLog === 0 ? logs : logs.filter(({ logIndex }) => logIndex >= firstLog);
  }

  /** Gives the thread back now and then: a block may have a hundred thousand logs, and each subscriber looks at all of them. */
  private async logsOnDisk(block: ChainHeader, filter: LogFilter, isRemoved: boolean): Promise<ChainLog[]> {
    const query = hashLogQuery([filter.addresses, ...filter.topics]);
    const logs: ChainLog[] = [];
    let pieces = 0;
    for (const piece of this.store.transactionsWithLogs(block, query)) {
      for (const log of matchingLogs(filter, block, piece, isRemoved)) logs.push(log);
      if (++pieces % piecesPerTurn !== 0) continue;
      await nextTurn();
      if (this.store.hashAt(block.header.number) === block.hash) continue;
      // Undone meanwhile: its pieces are off the disk, and what they said is in memory.
      const undone = this.heads.undoneBlock(block.hash);
      if (undone === undefined) throw new ChainError({ code: "CURSOR_TOO_OLD" });
      return logsOfUndone(undone, block, filter, isRemoved);
    }
    return logs;
  }

  async *pendingTransactions({ queueMax, signal }: { queueMax: number; signal: AbortSignal }) {
    let queue: EncodedTransaction[] = [];
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
  private async *steps<T>(
    cursor: Cursor | undefined,
    signal: AbortSignal,
    look: (step: Step) => Iterable<T> | Promise<Iterable<T>>,
  ): AsyncGenerator<T> {
    let position: Position = cursor ?? this.headPosition();
    if (cursor?.within !== undefined) {
      const step = this.stepWithin({ ...cursor, within: cursor.within });
      yield* await look(step);
      ({ position } = step);
    }
    if (this.store.hashAt(position.number) !== position.hash && this.heads.undoneBlock(position.hash) === undefined) {
      throw new ChainError({ code: "CURSOR_TOO_OLD" });
    }
    while (!signal.aborted) {
      const change = this.heads.change();
      const step = this.stepFrom(position);
      if (step === undefined) await settledOrAborted(change, signal);
      else {
        ({ position } = step);
        yield* await look(step);
      }
    }
  }

  /** The rest of a block that was told of in part; what has become of it since is told afterwards. */
  private stepWithin({ number, hash, within: { kind, nextLog } }: Position & { readonly within: Within }): Step {
    const undone = this.store.hashAt(number) === hash ? undefined : this.heads.undoneBlock(hash);
    const block = undone === undefined ? this.store.headerAt(number) : headerOf(hash, undone);
    if (block?.hash !== hash) throw new ChainError({ code: "CURSOR_TOO_OLD" });
    const position = kind === "added" ? { number, hash } : { number: number - 1n, hash: block.header.parentHash };
    return { kind, block, undone, position, firstLog: nextLog };
  }

  private stepFrom({ number, hash }: Position): Step | undefined {
    if (this.store.hashAt(number) === hash) {
      const block = this.store.headerAt(number + 1n);
      if (block === undefined) return undefined;
      const position = { number: number + 1n, hash: block.hash };
      return { kind: "added", block, undone: undefined, position, firstLog: 0 };
    }
    const undone = this.heads.undoneBlock(hash);
    if (undone === undefined) throw new ChainError({ code: "CURSOR_TOO_OLD" });
    const position = { number: number - 1n, hash: undone.header.parentHash };
    return { kind: "removed", block: headerOf(hash, undone), undone, position, firstLog: 0 };
  }

  private headPosition(): Position {
    const { hash, header } = this.store.head();
    return { number: header.number, hash };
  }
}

function cursorOf(text: string | undefined): Cursor | undefined {
  return text === undefined ? undefined : parseCursor(text);
}

/** A block's logs as they are told: in parts, whose cursors resume within the block, and the last behind it. */
function* eventsOf({ kind, block, position }: Step, logs: readonly ChainLog[]): Iterable<LogEvent> {
  let told = 0;
  for (const part of logParts(logs, partBytesMax)) {
    told += part.length;
    const next = logs[told];
    const { number } = block.header;
    const within = next && { kind, nextLog: next.logIndex };
    const cursor = within === undefined ? position : { number, hash: block.hash, within };
    yield { kind, block, logs: part, isLast: next === undefined, cursor: formatCursor(cursor) };
  }
}

function headerOf(hash: Hex, { header, transactions, sizeBytes }: UndoneBlock): ChainHeader {
  return { hash, header, transactionCount: transactions.length, sizeBytes };
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
