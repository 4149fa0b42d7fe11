import { allocateBytes } from "@koinon/trie/slab";
import { type Database as LmdbTable, open, type RootDatabase, type Transaction } from "lmdb";
import { checkedValue } from "./checksum.ts";
import { StateError } from "./state-error.ts";
import type { WriteBatch } from "./write-batch.ts";

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

/** The published types leave out that fast reads take a snapshot as other reads do. */
type Table = LmdbTable<Uint8Array, Uint8Array> & {
  getBinaryFast(key: Uint8Array, snapshot: Snapshot): Uint8Array | undefined;
};

/** Address space set aside for the mapping, not memory or disk; LMDB maps anew when this is not enough. */
const mapBytes = 2 ** 40;

/**
 * Named tables of bytes in one LMDB environment. Reads see the snapshot taken by the last `refresh`, whatever is committed in
 * between; `write` is atomic over all tables and on disk when it resolves.
 */
export class Database {
  readonly #root: RootDatabase<Uint8Array, Uint8Array>;
  readonly #tables = new Map<string, Table>();
  #snapshot: Snapshot | undefined;

  constructor(path: string, tables: readonly string[]) {
    this.#root = asStateError(() =>
      // The flush belongs to the commit: with LMDB's overlapping sync a resolved write would still be only in memory.
      open<Uint8Array, Uint8Array>({
        path,
        mapSize: mapBytes,
        maxDbs: tables.length + 1,
        overlappingSync: false,
        encoding: "binary",
        keyEncoding: "binary",
        noSubdir: false,
      }),
    );
    for (const name of tables) {
      this.#tables.set(
        name,
        asStateError(() => this.#root.openDB(name, { encoding: "binary", keyEncoding: "binary" })),
      );
    }
    this.refresh();
  }

  /** Moves reads to what is committed now. */
  refresh(): void {
    asStateError(() => {
      this.#root.resetReadTxn();
      const next = { transaction: this.#root.useReadTransaction() };
      this.#snapshot?.transaction.done();
      this.#snapshot = next;
    });
  }

  /** The value of a key; throws StateError `STATE_CORRUPT` when it is not what was written. */
  get(table: string, key: Uint8Array): Uint8Array | undefined {
    const bytes = asStateError(() => copyOf(this.#table(table).getBinaryFast(key, this.#reading())));
    return bytes === undefined ? undefined : checkedValue(table, key, bytes);
  }

  /** The entries of a range, in the order of their keys; stop consuming before the next `refresh`. */
  *range(table: string, range: TableRange = {}): Generator<TableEntry> {
    const options = { ...range, ...this.#reading() };
    for (const { key, value } of asStateError(() => this.#table(table).getRange(options))) {
      const bytes = Uint8Array.from(key);
      yield { key: bytes, value: checkedValue(table, bytes, value) };
    }
  }

  /** Writes all or nothing, durably, in the order of calls; rejects with StateError `STATE_WRITE_FAILED`. */
  async write(batch: WriteBatch): Promise<void> {
    const operations = batch.operations.map(({ table, key, stored }) => ({ table: this.#table(table), key, stored }));
    try {
      await this.#root.batch(() => {
        for (const { table, key, stored } of operations) {
          // The promise of the batch stands for those of its parts.
          if (stored === undefined) void table.remove(key);
          else void table.put(key, stored);
        }
      });
    } catch (error) {
      const cause = await commitCause(error);
      throw new StateError({ code: "STATE_WRITE_FAILED", reason: messageOf(cause) }, { cause });
    }
  }

  /** Waits for writes under way and closes the environment. */
  async close(): Promise<void> {
    this.#snapshot?.transaction.done();
    this.#snapshot = undefined;
    await this.#root.close();
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

/** Fast reads answer a buffer that the next read overwrites; it is longer than the `length` that lmdb gives it. */
function copyOf(volatile: Uint8Array | undefined): Uint8Array | undefined {
  if (volatile === undefined) return undefined;
  const { length } = volatile;
  const bytes = allocateBytes(length);
  bytes.set(volatile.subarray(0, length));
  return bytes;
}

function asStateError<T>(action: () => T): T {
  try {
    return action();
  } catch (cause) {
    if (cause instanceof StateError) throw cause;
    throw new StateError({ code: "STATE_CORRUPT", where: "lmdb", reason: messageOf(cause) }, { cause });
  }
}

/** lmdb hides the reason of a failed commit in a promise of its own, which must be awaited or it is reported as unhandled. */
async function commitCause(error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !("commitError" in error)) return error;
  try {
    await error.commitError;
    return error;
  } catch (cause) {
    return cause;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
