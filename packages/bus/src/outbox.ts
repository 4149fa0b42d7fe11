import { type Queryable, quoteIdentifier, type Statement } from "@koinon/postgres/sql";

/** An event to publish once the transaction that appends it has committed. */
export interface OutboxEvent {
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

/** How events are appended. */
export interface AppendOptions {
  /** Default `outbox`. */
  readonly table?: string;
  /** Wakes relays of other processes. NOTIFY makes PostgreSQL commit one transaction at a time, so busy writers wake a relay of their own. */
  readonly notify?: string;
}

/** Writes events into the caller's transaction and answers their outbox ids, in order. */
export async function appendToOutbox(
  transaction: Queryable,
  events: readonly OutboxEvent[],
  options: AppendOptions = {},
): Promise<bigint[]> {
  if (events.length === 0) return [];
  const rows = await transaction.query<{ id: bigint }>(appendStatement(options.table ?? "outbox"), [
    events.map((event) => event.subject),
    events.map((event) => event.payload),
    events.map((event) => JSON.stringify(event.headers ?? {})),
  ]);
  if (options.notify !== undefined) await transaction.query("SELECT pg_notify($1, '')", [options.notify]);
  return rows.map((row) => row.id);
}

function appendStatement(table: string): Statement {
  return {
    name: `outbox-append-${table}`,
    text: `INSERT INTO ${quoteIdentifier(table)} (subject, payload, headers)
      SELECT subject, payload, headers::jsonb
      FROM unnest($1::text[], $2::bytea[], $3::text[]) WITH ORDINALITY AS event (subject, payload, headers, place)
      ORDER BY place RETURNING id`,
  };
}
