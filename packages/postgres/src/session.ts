import { Client } from "pg";
import { type ConnectionOptions, clientConfig } from "./connection-options.ts";
import { databaseErrorFrom } from "./database-error.ts";
import type { Queryable } from "./sql.ts";
import { queryableOn, runTransaction, type TransactionOptions } from "./transaction.ts";

/** A connection of its own: what belongs to a session (advisory locks, LISTEN, SET) lives as long as it does. */
export interface Session extends Queryable {
  /** Aborted when the connection breaks or is closed. */
  readonly lost: AbortSignal;
  transaction<T>(work: (transaction: Queryable) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /** Calls back for each notification on the channels this session LISTENs to. */
  onNotification(listener: (channel: string, payload: string) => void): void;
  close(): Promise<void>;
}

/** One after the other, in the order of the calls: a statement in the middle of another one's transaction would be part of it. */
function createTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  };
}

/** Connects outside any pool. A statement of a session is not cancelled in the server on abort: close the session instead. */
export async function openSession(options: ConnectionOptions): Promise<Session> {
  const client = new Client(clientConfig(options));
  const lost = new AbortController();
  client.on("error", (error) => lost.abort(databaseErrorFrom(error)));
  client.on("end", () => lost.abort(new Error("session closed")));
  try {
    await client.connect();
  } catch (error) {
    await client.end().catch(() => undefined);
    throw databaseErrorFrom(error);
  }
  const use = { cancel: async () => undefined, pipelined: false };
  const queryable = queryableOn(client, use.cancel);
  const inTurn = createTurns();
  return {
    lost: lost.signal,
    query: (...statement) => inTurn(() => queryable.query(...statement)),
    execute: (...statement) => inTurn(() => queryable.execute(...statement)),
    transaction: (work, transactionOptions = {}) => inTurn(() => runTransaction(client, work, transactionOptions, use)),
    onNotification(listener) {
      client.on("notification", (message) => listener(message.channel, message.payload ?? ""));
    },
    async close() {
      // Ending a connection with a statement still running breaks it off instead of waiting.
      await client.end().catch(() => undefined);
    },
  };
}
