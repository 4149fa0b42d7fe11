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
  readonly #names: ReadonlySet<string>;

  constructor(database: Database, names: readonly string[]) {
    this.#database = database;
    this.#names = new Set(names);
  }

  /** A reader of one table; throws StateError `TABLE_UNKNOWN`. */
  reader(name: string): TableReader {
    const table = this.#stored(name);
    return {
      get: (key) => this.#database.get(table, key),
      range: (range) => this.#database.range(table, range),
    };
  }

  /** What a caller adds to a transaction; throws StateError `TABLE_UNKNOWN` or `KEY_INVALID`, and what the caller throws. */
  collect(write: ((tables: TableWriter) => void) | undefined): WriteBatch {
    const batch = new WriteBatch();
    write?.({
      put: (table, key, value) => batch.put(this.#stored(table), key, value),
      remove: (table, key) => batch.remove(this.#stored(table), key),
    });
    return batch;
  }

  #stored(name: string): string {
    if (!this.#names.has(name)) throw new StateError({ code: "TABLE_UNKNOWN", table: name });
    return userTablePrefix + name;
  }
}
