import { open, type RootDatabase } from "lmdb";
import { visitRun } from "./batch-writer.ts";
import {
  asStateError,
  DatabaseView,
  messageOf,
  type Table,
  type TableEntry,
  type TableRange,
} from "./database-view.ts";
import { StateError } from "./state-error.ts";
import type { WriteBatch } from "./write-batch.ts";

/** Address space set aside for the mapping, not memory or disk; LMDB maps anew when this is not enough. */
const mapBytes = 2 ** 40;

/**
 * Pages of a new file; one that is there keeps its own. LMDB keeps the pages that a transaction touched in order in time that is
 * quadratic in their number, and a large block touches most of them, so that larger pages are fewer; twice as large again costs
 * more in writing than it saves.
 */
const pageBytes = 16_384;

const binary = { encoding: "binary", keyEncoding: "binary" } as const;

/**
 * Named tables of bytes in one LMDB environment. Reads see what was committed at the last `refresh`, whatever is committed in
 * between; `write` is atomic over all tables and on disk when it resolves.
 */
export class Database {
  readonly #root: RootDatabase<Uint8Array, Uint8Array>;
  readonly #tables = new Map<string, Table>();
  #current: DatabaseView;

  constructor(path: string, tables: readonly string[], { readOnly = false }: { readOnly?: boolean } = {}) {
    // The flush belongs to the commit: with LMDB's overlapping sync a resolved write would still be only in memory.
    const options = {
      path,
      mapSize: mapBytes,
      maxDbs: tables.length + 1,
      overlappingSync: false,
      pageSize: pageBytes,
      noSubdir: false,
      readOnly,
      ...binary,
    };
    this.#root = asStateError(() => open<Uint8Array, Uint8Array>(options));
    try {
      for (const name of tables) this.#tables.set(name, asStateError(() => this.#root.openDB(name, binary)) as Table);
      this.#current = this.view();
    } catch (error) {
      void this.#root.close().catch(noMatter);
      throw error;
    }
  }

  /** Moves reads to what is committed now. */
  refresh(): void {
    const next = this.view();
    this.#current.release();
    this.#current = next;
  }

  /** Lets go of what reads see, so that its pages can be used anew; there are none until the next `refresh`. */
  rest(): void {
    this.#current.release();
  }

  /** What is committed now, for reads that take longer than until the next refresh; release it. */
  view(): DatabaseView {
    return asStateError(() => {
      this.#root.resetReadTxn();
      return new DatabaseView(this.#tables, this.#root.useReadTransaction());
    });
  }

  /** See `DatabaseView`. */
  get(table: string, key: Uint8Array): Uint8Array | undefined {
    return this.#current.get(table, key);
  }

  /** See `DatabaseView`; stop consuming before the next refresh. */
  range(table: string, range?: TableRange): Iterable<TableEntry> {
    return this.#current.range(table, range);
  }

  /** Writes all or nothing, durably, in the order of calls; rejects with StateError `STATE_WRITE_FAILED`. */
  async write(batch: WriteBatch): Promise<void> {
    const runs = batch.runs.map((run) => ({ run, table: this.#table(run.table) }));
    try {
      await this.#root.batch(() => {
        // The promise of the batch stands for those of its parts.
        for (const { run, table } of runs)
          visitRun(run, { put: (key, value) => void table.put(key, value), remove: (key) => void table.remove(key) });
      });
    } catch (error) {
      const cause = await commitCause(error);
      throw new StateError({ code: "STATE_WRITE_FAILED", reason: messageOf(cause) }, { cause });
    }
  }

  /** Writes all or nothing before it returns; for what has to be done before anything else. Throws StateError `STATE_WRITE_FAILED`. */
  writeAtOnce(batch: WriteBatch): void {
    try {
      this.#root.transactionSync(() => {
        for (const run of batch.runs) {
          const table = this.#table(run.table);
          visitRun(run, { put: (key, value) => table.putSync(key, value), remove: (key) => table.removeSync(key) });
        }
      });
    } catch (cause) {
      throw new StateError({ code: "STATE_WRITE_FAILED", reason: messageOf(cause) }, { cause });
    }
  }

  /** Waits for writes under way and closes the environment. */
  async close(): Promise<void> {
    this.#current.release();
    await this.#root.close();
  }

  /** Closes the environment without a wait, for who opened it in vain and has nothing under way. */
  abandon(): void {
    void this.close().catch(noMatter);
  }

  #table(name: string): Table {
    const table = this.#tables.get(name);
    if (table === undefined) throw new StateError({ code: "TABLE_UNKNOWN", table: name });
    return table;
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

function noMatter(): void {}
