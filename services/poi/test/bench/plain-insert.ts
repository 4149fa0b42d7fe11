import type { SampleWork } from "@koinon/contributions/sample-work";
import { sampleLog } from "@koinon/contributions/sample-work";
import type { Database } from "@koinon/postgres/database";
import { systemClock as clock } from "@koinon/runtime/clock";

/** What the same receipts cost without a log: the bytes of each entry in a table with a key, nothing verified, hashed or signed. */
export class PlainTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Inserts the entries of `works` in batches of `batch`, each committed durably; answers rows per second. */
  async insert(works: readonly SampleWork[], batch: number): Promise<number> {
    await this.#database.execute("CREATE TABLE plain_entries (id bigint PRIMARY KEY, content bytea NOT NULL)");
    const entries = sampleLog(works);
    const startedAt = clock.monotonicMs();
    for (let at = 0; at < entries.length; at += batch) {
      const part = entries.slice(at, at + batch);
      await this.#database.execute(
        {
          name: "plain-insert",
          text: "INSERT INTO plain_entries SELECT $1::bigint + place, content FROM unnest($2::bytea[]) WITH ORDINALITY AS entry (content, place)",
        },
        [BigInt(at), part],
      );
    }
    return (entries.length * 1_000) / (clock.monotonicMs() - startedAt);
  }

  /** Reads single rows by their key, one after the other; answers how long each took, in milliseconds. */
  async read(count: number): Promise<number[]> {
    const latenciesMs: number[] = [];
    for (let id = 1; id <= count; id += 1) {
      const askedAt = clock.monotonicMs();
      await this.#database.query({ name: "plain-read", text: "SELECT content FROM plain_entries WHERE id = $1" }, [
        BigInt(id),
      ]);
      latenciesMs.push(clock.monotonicMs() - askedAt);
    }
    return latenciesMs;
  }
}
