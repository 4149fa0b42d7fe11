import type { Database, TableEntry, TableRange } from "./database.ts";
import { userTablePrefix } from "./layout.ts";
import { WriteBatch } from "./write-batch.ts";

/** Collects writes to named tables; keys are 1 to 1,000 bytes. */
export interface TableWriter {
  put(table: string, key: Uint8Array, value: Uint8Array): void;
  remove(table: string, key: Uint8Array): void;
}

/** Reads one table in the snapshot of the head. */
export interface TableReader {
  get(key: Uint8Array): Uint8Array | undefined;
  /** Entries in the order of their keys; consume them before the next await. */
  range(range?: TableRange): Iterable<TableEntry>;
}

/** What a caller adds to a transaction. */
export function collectWrites(write: ((tables: TableWriter) => void) | undefined): WriteBatch {
  const batch = new WriteBatch();
  write?.({
    put: (table, key, value) => batch.put(userTablePrefix + table, key, value),
    remove: (table, key) => batch.remove(userTablePrefix + table, key),
  });
  return batch;
}

/** A reader of one of the user's tables. */
export function userTable(database: Database, name: string): TableReader {
  const table = userTablePrefix + name;
  return {
    get: (key) => database.get(table, key),
    range: (range) => database.range(table, range),
  };
}
