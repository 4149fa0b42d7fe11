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
  const noCancel = async () => undefined;
  const queryable = queryableOn(client, noCancel);
  return {
    lost: lost.signal,
    query: queryable.query,
    execute: queryable.execute,
    transaction: (work, transactionOptions = {}) => runTransaction(client, work, transactionOptions, noCancel),
    onNotification(listener) {
      client.on("notification", (message) => listener(message.channel, message.payload ?? ""));
    },
    async close() {
      // Ending a connection with a statement still running breaks it off instead of waiting.
      await client.end().catch(() => undefined);
    },
  };
}
