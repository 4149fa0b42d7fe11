import { allocateBytes } from "@koinon/trie/slab";
import type { Database as LmdbTable, Transaction } from "lmdb";
import type { LmdbValue } from "./batch-writer.ts";
import { checkedValue } from "./checksum.ts";
import { StateError } from "./state-error.ts";

/** One entry of a table. */
export interface TableEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** Bounds of a scan: `start` is inclusive and `end` exclusive, also backwards, where `start` is the higher one. */
export interface TableRange {
  readonly start?: Uint8Array;
  readonly end?: Uint8Array;
  readonly reverse?: boolean;
  readonly limit?: number;
}

interface Snapshot {
  readonly transaction: Transaction;
}

/** The published types leave out that fast reads take a snapshot as other reads do, and that writes take wrapped values. */
export type Table = LmdbTable<Uint8Array, Uint8Array> & {
  getBinaryFast(key: Uint8Array, snapshot: Snapshot): Uint8Array | undefined;
  put(key: Uint8Array, value: LmdbValue): Promise<boolean>;
  putSync(key: Uint8Array, value: LmdbValue): boolean;
};

/** The tables as they were at one moment. Pages that a view sees are not used anew until it is released. */
export class DatabaseView {
  readonly #tables: ReadonlyMap<string, Table>;
  #snapshot: Snapshot | undefined;

  constructor(tables: ReadonlyMap<string, Table>, transaction: Transaction) {
    this.#tables = tables;
    this.#snapshot = { transaction };
  }

  /** The value of a key; throws StateError `STATE_CORRUPT` when it is not what was written. */
  get(table: string, key: Uint8Array): Uint8Array | undefined {
    const snapshot = this.#reading();
    const bytes = asStateError(() => copyOf(this.#table(table).getBinaryFast(key, snapshot)));
    return bytes === undefined ? undefined : checkedValue(table, key, bytes);
  }

  /**
   * The entries of a range, in the order of their keys, while the view is not released. Throws StateError `STATE_CORRUPT`, also
   * at the end when the scan stopped early: LMDB's cursors end without a word at a page that is damaged.
   */
  *range(table: string, range: TableRange = {}): Generator<TableEntry> {
    const limit = range.limit ?? Number.POSITIVE_INFINITY;
    let last: Uint8Array | undefined;
    let count = 0;
    for (const entry of this.#scan(table, range)) {
      yield entry;
      last = entry.key;
      count++;
    }
    if (count < limit && !isSameKey(last, this.#farEnd(table, range))) {
      throw new StateError({ code: "STATE_CORRUPT", where: table, reason: "a scan ends early" });
    }
  }

  /** The last key of a range, found from its other side. */
  #farEnd(table: string, { start, end, reverse = false }: TableRange): Uint8Array | undefined {
    const back: TableRange = { reverse: !reverse, limit: 2, ...(end === undefined ? {} : { start: end }) };
    for (const { key } of this.#scan(table, back)) {
      if (end !== undefined && Buffer.compare(key, end) === 0) continue;
      const isOutside = start !== undefined && Buffer.compare(key, start) === (reverse ? 1 : -1);
      return isOutside ? undefined : key;
    }
    return undefined;
  }

  *#scan(table: string, range: TableRange): Generator<TableEntry> {
    const options = { ...range, ...this.#reading() };
    const entries = asStateError(() => this.#table(table).getRange(options)[Symbol.iterator]());
    try {
      for (;;) {
        const next = asStateError(() => entries.next());
        if (next.done === true) return;
        const key = Uint8Array.from(next.value.key);
        yield { key, value: checkedValue(table, key, next.value.value) };
      }
    } finally {
      entries.return?.();
    }
  }

  /** Ends the view. */
  release(): void {
    this.#snapshot?.transaction.done();
    this.#snapshot = undefined;
  }

  #reading(): Snapshot {
    if (this.#snapshot === undefined) throw new StateError({ code: "STATE_CLOSED" });
    return this.#snapshot;
  }

  #table(name: string): Table {
    const table = this.#tables.get(name);
    if (table === undefined) throw new StateError({ code: "TABLE_UNKNOWN", table: name });
    return table;
  }
}

function isSameKey(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return Buffer.compare(a, b) === 0;
}

/** Fast reads answer a buffer that the next read overwrites; it is longer than the `length` that lmdb gives it. */
function copyOf(volatile: Uint8Array | undefined): Uint8Array | undefined {
  if (volatile === undefined) return undefined;
  const { length } = volatile;
  const bytes = allocateBytes(length);
  bytes.set(volatile.subarray(0, length));
  return bytes;
}

/** Whatever LMDB throws while it opens or reads means that its file is not in order. */
export function asStateError<T>(action: () => T): T {
  try {
    return action();
  } catch (cause) {
    if (cause instanceof StateError) throw cause;
    throw new StateError({ code: "STATE_CORRUPT", where: "lmdb", reason: messageOf(cause) }, { cause });
  }
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
