import type { Database } from "@koinon/postgres/database";
import { type Queryable, quoteIdentifier } from "@koinon/postgres/sql";
import type { BusEvent } from "./bus.ts";

/** Which table and whose messages. */
export interface InboxOptions {
  /** Name of the consumer; ids are remembered per consumer. */
  readonly consumer: string;
  /** Default `inbox`. */
  readonly table?: string;
}

/** Notes a message in the caller's transaction; "duplicate" when its effect is there already. */
export async function recordMessage(
  transaction: Queryable,
  messageId: string,
  options: InboxOptions,
): Promise<"new" | "duplicate"> {
  const table = options.table ?? "inbox";
  const count = await transaction.execute(
    {
      name: `inbox-record-${table}`,
      text: `INSERT INTO ${quoteIdentifier(table)} (consumer, message_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
    },
    [options.consumer, messageId],
  );
  return count === 1 ? "new" : "duplicate";
}

/** Runs `work` in one transaction with the note that the event was handled; does nothing for an event handled before. */
export async function handleOnce(
  database: Database,
  event: BusEvent,
  options: InboxOptions,
  work: (transaction: Queryable) => Promise<void>,
): Promise<"new" | "duplicate"> {
  return await database.transaction(async (transaction) => {
    const outcome = await recordMessage(transaction, event.id, options);
    if (outcome === "new") await work(transaction);
    return outcome;
  });
}

/** Forgets messages older than `ageMs`, at most `limit`; keep them longer than the bus can deliver again (7 days by default). */
export async function pruneInbox(
  database: Database,
  ageMs: number,
  limit: number,
  options: { table?: string } = {},
): Promise<number> {
  const table = quoteIdentifier(options.table ?? "inbox");
  return await database.execute(
    `DELETE FROM ${table} WHERE (consumer, message_id) IN (
       SELECT consumer, message_id FROM ${table} WHERE received_at < now() - $1 * interval '1 millisecond' LIMIT $2)`,
    [ageMs, limit],
  );
}
