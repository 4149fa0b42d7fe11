import type { Writable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type { ClientBase, QueryResult } from "pg";
import { DatabaseError, databaseErrorFrom, isRetryable } from "./database-error.ts";
import { sendStatement } from "./send-statement.ts";
import type { Queryable, QueryOptions, SqlValue, Statement } from "./sql.ts";

/** How a transaction runs. */
export interface TransactionOptions {
  /** Default: read committed. */
  readonly isolation?: "read committed" | "repeatable read" | "serializable";
  readonly readOnly?: boolean;
  /** False for work whose loss in a crash of the server does no harm: the commit does not wait for the disk. Default true. */
  readonly durable?: boolean;
  /** How often to run the whole work again after a serialization failure or deadlock. Default 5. */
  readonly retries?: number;
  readonly signal?: AbortSignal;
}

/** Cancels what a connection is running; resolves when the server has been asked. */
export type Cancel = (processId: number) => Promise<void>;

/** How a connection is used. */
export interface ConnectionUse {
  readonly cancel: Cancel;
  /** A statement may be on its way before the one ahead of it is answered. */
  readonly pipelined: boolean;
}

const firstRetryDelayMs = 2;

/** Runs one statement on a connection; an abort cancels it in the server and rejects with the signal's reason. */
export async function runStatement(
  client: ClientBase,
  statement: string | Statement,
  values: readonly SqlValue[] | undefined,
  signal: AbortSignal | undefined,
  cancel: Cancel,
): Promise<QueryResult> {
  const sent = typeof statement === "string" ? { text: statement } : statement;
  if (signal === undefined) return await sendStatement(client, sent, values).catch(rethrow);
  signal.throwIfAborted();
  let cancelled: Promise<void> | undefined;
  const onAbort = () => {
    cancelled = cancel((client as ClientBase & { processID: number }).processID);
  };
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await sendStatement(client, sent, values);
  } catch (error) {
    // The statement may also have failed by itself at the same moment; the caller has gone either way.
    if (signal.aborted) throw signal.reason;
    throw databaseErrorFrom(error);
  } finally {
    signal.removeEventListener("abort", onAbort);
    // A cancel request that is still under way must not hit the connection's next statement.
    await cancelled;
  }
}

/** Sends two statements in one write, each committing by itself; neither promise has to be waited for. */
export function runStatementPair(
  client: ClientBase,
  [first, second]: readonly [Statement, Statement],
  values: readonly SqlValue[],
): { result: Promise<QueryResult>; after: Promise<void> } {
  // The driver would write each by itself.
  const { stream } = (client as ClientBase & { readonly connection: { readonly stream: Writable } }).connection;
  stream.cork();
  try {
    const result = sendStatement(client, first, values).catch(rethrow);
    result.catch(() => undefined);
    const after = sendStatement(client, second, undefined).then(() => undefined, rethrow);
    after.catch(() => undefined);
    return { result, after };
  } finally {
    // Also when the driver refuses a statement at once: a socket that stays corked would swallow what its next user sends.
    stream.uncork();
  }
}

/** Runs `work` between BEGIN and COMMIT on one connection, again from the start when the database asks for it. */
export async function runTransaction<T>(
  client: ClientBase,
  work: (transaction: Queryable) => Promise<T>,
  options: TransactionOptions,
  use: ConnectionUse,
): Promise<T> {
  const retries = options.retries ?? 5;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await attemptTransaction(client, work, options, use);
    } catch (error) {
      if (!isRetryable(error)) throw error;
      const { sqlState } = (error as DatabaseError).fault as { sqlState: string };
      if (attempt > retries) {
        throw new DatabaseError({ code: "SERIALIZATION_FAILURE", sqlState, attempts: attempt }, { cause: error });
      }
      await delay(firstRetryDelayMs * 2 ** (attempt - 1), undefined, options.signal && { signal: options.signal });
    }
  }
}

async function attemptTransaction<T>(
  client: ClientBase,
  work: (transaction: Queryable) => Promise<T>,
  options: TransactionOptions,
  { cancel, pipelined }: ConnectionUse,
): Promise<T> {
  options.signal?.throwIfAborted();
  const begun = client.query(beginText(options)).catch(rethrow);
  begun.catch(() => undefined);
  // It travels with the first statement, since it fails only when the connection does; or when it is cancelled, and that must not let the
  // statement behind it run by itself.
  if (!pipelined || options.signal !== undefined) await begun;
  let result: T;
  try {
    result = await work(queryableOn(client, cancel, options.signal));
    await begun;
  } catch (error) {
    // A connection that can not even roll back is broken; its owner sees that when it is released.
    await client.query("ROLLBACK").catch(() => undefined);
    throw error;
  }
  const { command } = await client.query("COMMIT").catch(rethrow);
  // PostgreSQL answers ROLLBACK to the COMMIT of a transaction in which a statement failed and the failure was swallowed.
  if (command !== "COMMIT") {
    throw new DatabaseError({ code: "QUERY_REFUSED", sqlState: "25P02", reason: "transaction had failed" });
  }
  return result;
}

/** Statements on one connection. */
export function queryableOn(client: ClientBase, cancel: Cancel, outerSignal?: AbortSignal): Queryable {
  const run = (statement: string | Statement, values?: readonly SqlValue[], options?: QueryOptions) =>
    runStatement(client, statement, values, options?.signal ?? outerSignal, cancel);
  return {
    async query<R extends object>(statement: string | Statement, values?: readonly SqlValue[], options?: QueryOptions) {
      return (await run(statement, values, options)).rows as R[];
    },
    async execute(statement, values, options) {
      return (await run(statement, values, options)).rowCount ?? 0;
    },
  };
}

function beginText(options: TransactionOptions): string {
  const isolation = options.isolation ? ` ISOLATION LEVEL ${options.isolation}` : "";
  const mode = options.readOnly ? " READ ONLY" : "";
  const commit = options.durable === false ? "; SET LOCAL synchronous_commit = off" : "";
  return `BEGIN${isolation}${mode}${commit}`;
}

function rethrow(error: unknown): never {
  throw databaseErrorFrom(error);
}
