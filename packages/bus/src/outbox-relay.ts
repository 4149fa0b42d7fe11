import type { Database } from "@koinon/postgres/database";
import { listen } from "@koinon/postgres/notifications";
import { type Queryable, quoteIdentifier, type SqlValue } from "@koinon/postgres/sql";
import type { Bus } from "./bus.ts";

/** How a relay works through its table. */
export interface OutboxRelayOptions {
  /** Prefix of the event ids: `<source>.<outbox id>`; the same for all replicas of the owner. */
  readonly source: string;
  /** Default `outbox`, in the database's search_path. */
  readonly table?: string;
  /** A text column that holds the event id of each row, instead of `<source>.<outbox id>`. */
  readonly idColumn?: string;
  /** What becomes of a published row: gone, or kept until its owner deletes it. */
  readonly afterPublish: "delete" | "keep";
  /** Most events in hand at once. Default 256. */
  readonly batchSize?: number;
  /** How long to collect after being woken: rows that come one by one share a look at the table, and a batch at the consumer. Default 50. */
  readonly lingerMs?: number;
  /** Longest time between two looks at the table. Default 1,000. */
  readonly pollIntervalMs?: number;
  /** Pause after a failure, doubled up to 20 times as long. Default 250. */
  readonly backoffMs?: number;
  /** What is not published after so long is tried again later. Default 10,000. */
  readonly publishTimeoutMs?: number;
  /** Channel on which other processes announce new rows. */
  readonly notify?: string;
}

export type OutboxObservation =
  | { kind: "published"; count: number }
  | { kind: "failed"; count: number; error: unknown };

export interface OutboxRelayDependencies {
  readonly database: Database;
  readonly bus: Bus;
  readonly observe?: (observation: OutboxObservation) => void;
}

// How much longer a batch in hand may take once the relay stops; what is left is published after the next start.
const stopGraceMs = 300;

interface OutboxRow {
  id: bigint;
  event_id: string;
  subject: string;
  payload: Uint8Array;
  headers: Record<string, string>;
}

/**
 * Publishes the rows of an outbox in the order of their ids. Several relays share a table (SKIP LOCKED); a row is marked in the
 * transaction that claimed it, so a relay that dies publishes nothing unmarked more than once again: consumers see it twice, never not at all.
 */
export class OutboxRelay {
  readonly #options: OutboxRelayOptions;
  readonly #database: Database;
  readonly #bus: Bus;
  readonly #observe: (observation: OutboxObservation) => void;
  readonly #table: string;
  readonly #eventId: string;
  readonly #stopping = new AbortController();
  #running: Promise<unknown> | undefined;
  #awake = Promise.withResolvers<void>();

  constructor(options: OutboxRelayOptions, dependencies: OutboxRelayDependencies) {
    this.#options = options;
    this.#database = dependencies.database;
    this.#bus = dependencies.bus;
    this.#observe = dependencies.observe ?? (() => undefined);
    this.#table = quoteIdentifier(options.table ?? "outbox");
    const source = options.source.replaceAll("'", "''");
    this.#eventId = options.idColumn === undefined ? `'${source}.' || id` : quoteIdentifier(options.idColumn);
  }

  start(): void {
    this.#running ??= Promise.all([this.#run(), this.#listen()]);
  }

  /** Looks at the table now; call after a commit that appended to it. */
  wake(): void {
    this.#awake.resolve();
  }

  /** Ends after the batch in hand. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.wake();
    await this.#running;
  }

  /** Rows not yet published, and the age of the oldest in milliseconds. */
  async backlog(): Promise<{ pending: number; oldestMs: number }> {
    const [row] = await this.#database.query<{ pending: number; oldest_ms: number }>(
      `SELECT count(*)::int AS pending,
         coalesce(extract(epoch FROM now() - min(created_at)) * 1000, 0)::float8 AS oldest_ms
       FROM ${this.#table} WHERE published_at IS NULL`,
    );
    return { pending: row?.pending ?? 0, oldestMs: row?.oldest_ms ?? 0 };
  }

  /** Publishes again what was published more than `ageMs` ago and is still kept, at most `limit` rows; answers how many. */
  async republish(ageMs: number, limit: number): Promise<number> {
    const count = await this.#database.execute(
      `UPDATE ${this.#table} SET published_at = NULL WHERE id IN (
         SELECT id FROM ${this.#table} WHERE published_at < now() - $1 * interval '1 millisecond'
         ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)`,
      [ageMs, limit],
    );
    if (count > 0) this.wake();
    return count;
  }

  async #run(): Promise<void> {
    const batchSize = this.#options.batchSize ?? 256;
    const backoffMs = this.#options.backoffMs ?? 250;
    let failures = 0;
    while (!this.#stopping.signal.aborted) {
      this.#awake = Promise.withResolvers<void>();
      let claimed = 0;
      try {
        const batch = await this.#relayBatch(batchSize);
        claimed = batch.claimed;
        failures = batch.failed > 0 ? failures + 1 : 0;
      } catch (error) {
        failures += 1;
        this.#observe({ kind: "failed", count: 0, error });
      }
      const { signal } = this.#stopping;
      if (failures > 0) await pause(backoffMs * Math.min(2 ** (failures - 1), 20), { signal });
      else if (claimed < batchSize) {
        await pause(this.#options.pollIntervalMs ?? 1_000, { until: this.#awake.promise, signal });
        await pause(this.#options.lingerMs ?? 50, { signal });
      }
    }
  }

  async #relayBatch(batchSize: number): Promise<{ claimed: number; failed: number }> {
    return await this.#database.transaction(
      async (transaction) => {
        const rows = await transaction.query<OutboxRow>(
          {
            name: `outbox-claim-${this.#table}`,
            text: `SELECT id, ${this.#eventId} AS event_id, subject, payload, headers FROM ${this.#table} WHERE published_at IS NULL
              ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED`,
          },
          [batchSize],
        );
        const { published, errors } = await this.#publish(rows);
        if (published.length > 0) {
          await this.#mark(transaction, published);
          this.#observe({ kind: "published", count: published.length });
        }
        const failed = rows.length - published.length;
        if (failed > 0) this.#observe({ kind: "failed", count: failed, error: errors[0] });
        return { claimed: rows.length, failed };
      },
      // A mark that a crash of the server takes back costs a second publication, which consumers have to bear anyway.
      { retries: 0, durable: false },
    );
  }

  async #publish(rows: readonly OutboxRow[]): Promise<{ published: bigint[]; errors: unknown[] }> {
    const published: bigint[] = [];
    const errors: unknown[] = [];
    const sent = rows.map(async (row) => {
      const { id, event_id, ...event } = row;
      try {
        await this.#bus.publish({ id: event_id, ...event });
        published.push(id);
      } catch (error) {
        errors.push(error);
      }
    });
    const all = Promise.all(sent);
    await pause(this.#options.publishTimeoutMs ?? 10_000, { until: all, signal: this.#stopping.signal });
    if (published.length + errors.length < rows.length) await pause(stopGraceMs, { until: all });
    // A copy: what is published after the deadline is not marked in this transaction and goes out again.
    return { published: [...published], errors: errors.length > 0 ? errors : [new Error("not published in time")] };
  }

  async #mark(transaction: Queryable, ids: readonly SqlValue[]): Promise<void> {
    const text =
      this.#options.afterPublish === "delete"
        ? `DELETE FROM ${this.#table} WHERE id = ANY($1::bigint[])`
        : `UPDATE ${this.#table} SET published_at = clock_timestamp() WHERE id = ANY($1::bigint[])`;
    await transaction.execute({ name: `outbox-mark-${this.#table}`, text }, [ids]);
  }

  async #listen(): Promise<void> {
    if (this.#options.notify === undefined) return;
    const { signal } = this.#stopping;
    const onNotification = () => this.wake();
    await listen({ ...this.#database.options, channel: this.#options.notify, onNotification, signal });
  }
}

/** Waits for `ms`, or less: until the promise resolves or the signal aborts. */
async function pause(ms: number, { until, signal }: { until?: Promise<unknown>; signal?: AbortSignal }): Promise<void> {
  if (signal?.aborted === true) return;
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  const timer = setTimeout(end, ms);
  const onAbort = () => end();
  signal?.addEventListener("abort", onAbort);
  await (until === undefined ? over : Promise.race([over, until]));
  clearTimeout(timer);
  signal?.removeEventListener("abort", onAbort);
}
