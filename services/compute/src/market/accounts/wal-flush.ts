import type { Database } from "@koinon/postgres/database";

/**
 * Makes what was committed asynchronously durable: a tiny transaction that commits synchronously flushes the log up to itself. Calls that
 * come while a flush is under way share the next one.
 */
export class WalFlush {
  readonly #database: Database;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(dependencies: { database: Database }) {
    this.#database = dependencies.database;
  }

  /** Resolves when everything that had committed before the call is on disk. */
  flush(): Promise<void> {
    if (this.#running === undefined) return this.#start();
    // The running one may have begun before the caller's commit.
    this.#next ??= this.#running.then(
      () => this.#start(),
      () => this.#start(),
    );
    return this.#next;
  }

  #start(): Promise<void> {
    this.#next = undefined;
    const running = this.#emit().finally(() => {
      if (this.#running === running) this.#running = undefined;
    });
    this.#running = running;
    return running;
  }

  async #emit(): Promise<void> {
    // A commit is flushed only when its transaction wrote something to the log; this writes a message that nobody reads.
    await this.#database.query({ name: "wal-flush", text: "SELECT pg_logical_emit_message(true, 'koinon.flush', '')" });
  }
}
