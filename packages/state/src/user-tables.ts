import type { Database } from "./database.ts";
import type { TableEntry, TableRange } from "./database-view.ts";
import { userTablePrefix } from "./layout.ts";
import { StateError } from "./state-error.ts";
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

/** The tables that the user of a store named when it was opened. */
export class UserTables {
  readonly #database: Database;
  /** What the tables are called in the database, by the names that their user gives them. */
  readonly #stored: ReadonlyMap<string, string>;

  constructor(database: Database, names: readonly string[]) {
    this.#database = database;
    this.#stored = new Map(names.map((name) => [name, userTablePrefix + name]));
  }

  /** A reader of one table; throws StateError `TABLE_UNKNOWN`. */
  reader(name: string): TableReader {
    const table = this.#storedName(name);
    return {
      get: (key) => this.#database.get(table, key),
      range: (range) => this.#database.range(table, range),
    };
  }

  /** What a caller adds to a transaction; throws StateError `TABLE_UNKNOWN` or `KEY_INVALID`, and what the caller throws. */
  collect(write: ((tables: TableWriter) => void) | undefined): WriteBatch {
    const batch = new WriteBatch();
    write?.({
      put: (table, key, value) => batch.put(this.#storedName(table), key, value),
      remove: (table, key) => batch.remove(this.#storedName(table), key),
    });
    return batch;
  }

  #storedName(name: string): string {
    const stored = this.#stored.get(name);
    if (stored === undefined) throw new StateError({ code: "TABLE_UNKNOWN", table: name });
    return stored;
  }
}
