import { type ClientBase, Pool, type PoolClient } from "pg";
import { type ConnectionOptions, clientConfig } from "./connection-options.ts";
import { DatabaseError, databaseErrorFrom } from "./database-error.ts";
import { openSession, type Session } from "./session.ts";
import type { Queryable, QueryOptions, SqlValue, Statement } from "./sql.ts";
import { runStatement, runStatementPair, runTransaction, type TransactionOptions } from "./transaction.ts";

/** A pool: its connection and its bounds. */
export interface DatabaseOptions extends ConnectionOptions {
  /** Most connections at once. Default 8. */
  readonly poolSize?: number;
  /** Most callers waiting for a connection; one more is refused with DATABASE_OVERLOADED. Default 1,000. */
  readonly maxWaiting?: number;
}

/** What a pool reports to. */
export interface DatabaseDependencies {
  /** Told of every idle connection that breaks before the pool is closed, for a log line or a counter. */
  readonly onConnectionLost?: (error: Error) => void;
}

/** A bounded pool of connections to one database, with typed faults (see DatabaseFault). */
export class Database implements Queryable {
  readonly options: DatabaseOptions;
  readonly #pool: Pool;
  readonly #maxWaiting: number;
  #closing: Promise<void> | undefined;

  constructor(options: DatabaseOptions, dependencies: DatabaseDependencies = {}) {
    this.options = options;
    this.#maxWaiting = options.maxWaiting ?? 1_000;
    const bounds = { max: options.poolSize ?? 8, idleTimeoutMillis: 60_000 };
    // A statement may be on its way before the one ahead of it is answered.
    const pipelined = { pipeline: true };
    this.#pool = new Pool({ ...clientConfig(options), ...bounds, ...pipelined });
    // Without a listener a broken idle connection would end the process.
    this.#pool.on("error", (error) => {
      // A pool that is closing has given its connections up; the server may end one before it reads the farewell.
      if (this.#closing === undefined) dependencies.onConnectionLost?.(plainError(error));
    });
  }

  async query<R extends object>(
    statement: string | Statement,
    values?: readonly SqlValue[],
    options: QueryOptions = {},
  ): Promise<R[]> {
    const result = await this.#withClient(options.signal, (client) =>
      runStatement(client, statement, values, options.signal, this.#cancel),
    );
    return result.rows as R[];
  }

  async execute(
    statement: string | Statement,
    values?: readonly SqlValue[],
    options: QueryOptions = {},
  ): Promise<number> {
    const result = await this.#withClient(options.signal, (client) =>
      runStatement(client, statement, values, options.signal, this.#cancel),
    );
    return result.rowCount ?? 0;
  }

  /**
   * Runs a statement and sends `then` right behind it on the same connection, each committing by itself. Resolves when the first is done;
   * `after` settles with the second.
   */
  async queryThen<R extends object>(
    statement: Statement,
    values: readonly SqlValue[],
    then: Statement,
  ): Promise<{ rows: R[]; after: Promise<void> }> {
    const client = await this.#acquire(undefined);
    client.on("error", ignore);
    const { result, after } = this.#sendPair(client, [statement, then], values);
    const release = () => this.#release(client);
    after.then(release, release);
    return { rows: (await result).rows as R[], after };
  }

  /**
   * Runs `work` in one transaction; it may run several times (40001, 40P01), so its effects outside the database must wait for the
   * result. When the connection breaks during COMMIT the outcome is unknown and DATABASE_UNREACHABLE is thrown.
   */
  async transaction<T>(work: (transaction: Queryable) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    const use = { cancel: this.#cancel, pipelined: true };
    return await this.#withClient(options.signal, (client) => runTransaction(client, work, options, use));
  }

  /** Opens a connection of its own, outside the pool, for advisory locks and LISTEN; close it after use. */
  async session(overrides: Partial<ConnectionOptions> = {}): Promise<Session> {
    return await openSession({ ...this.options, ...overrides });
  }

  /** Connections open, idle, and callers waiting for one. */
  stats(): { total: number; idle: number; waiting: number } {
    return { total: this.#pool.totalCount, idle: this.#pool.idleCount, waiting: this.#pool.waitingCount };
  }

  /** Closes the pool when its running statements have ended; later calls are refused. */
  async close(): Promise<void> {
    this.#closing ??= this.#pool.end();
    await this.#closing;
  }

  async #withClient<T>(signal: AbortSignal | undefined, use: (client: ClientBase) => Promise<T>): Promise<T> {
    const client = await this.#acquire(signal);
    // The pool listens only while a connection is idle; a breaking one also fails the statement, which is what the caller hears of.
    client.on("error", ignore);
    try {
      return await use(client);
    } finally {
      this.#release(client);
    }
  }

  /** What throws here may have sent half of the pair: the connection is given up. */
  #sendPair(client: PoolClient, pair: readonly [Statement, Statement], values: readonly SqlValue[]) {
    try {
      return runStatementPair(client, pair, values);
    } catch (error) {
      client.release(true);
      client.off("error", ignore);
      throw error;
    }
  }

  #release(client: PoolClient): void {
    // The pool itself drops a connection that is no longer queryable.
    client.release(hasOpenTransaction(client));
    client.off("error", ignore);
  }

  async #acquire(signal: AbortSignal | undefined): Promise<PoolClient> {
    signal?.throwIfAborted();
    const waiting = this.#pool.waitingCount;
    if (waiting >= this.#maxWaiting) throw new DatabaseError({ code: "DATABASE_OVERLOADED", waiting });
    const connecting = this.#pool.connect().catch((error: unknown) => {
      throw databaseErrorFrom(error);
    });
    if (signal === undefined) return await connecting;
    const aborted = Promise.withResolvers<never>();
    const onAbort = () => aborted.reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      return await Promise.race([connecting, aborted.promise]);
    } catch (error) {
      // The pool can not forget a waiter; its connection goes back as soon as it comes.
      if (signal.aborted) void connecting.then((client) => client.release()).catch(() => undefined);
      throw error;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  readonly #cancel = async (processId: number): Promise<void> => {
    const session = await openSession({ ...this.options, settings: {} }).catch(() => undefined);
    await session?.execute("SELECT pg_cancel_backend($1)", [processId]).catch(() => undefined);
    await session?.close();
  };
}

const ignore = () => undefined;

/** The driver hangs its whole client, thousands of characters when printed, on such an error. */
function plainError(error: Error): Error {
  Reflect.deleteProperty(error, "client");
  const typed = databaseErrorFrom(error);
  return typed instanceof Error ? typed : error;
}

function hasOpenTransaction(client: PoolClient): boolean {
  const status = (client as PoolClient & { getTransactionStatus(): string | null }).getTransactionStatus();
  return status === "T" || status === "E";
}
