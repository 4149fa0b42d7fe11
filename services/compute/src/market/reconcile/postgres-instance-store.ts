import type { Database } from "@koinon/postgres/database";
import type { InstanceStore } from "./instance-store.ts";

/** Leases in PostgreSQL, shared by all replicas. */
export class PostgresInstanceStore implements InstanceStore {
  readonly #database: Database;

  constructor(dependencies: { database: Database }) {
    this.#database = dependencies.database;
  }

  async renew(instance: string, leaseUntil: number): Promise<void> {
    await this.#database.execute(
      `INSERT INTO market_instances (id, lease_until) VALUES ($1, $2)
       ON CONFLICT (id) DO UPDATE SET lease_until = excluded.lease_until`,
      [instance, leaseUntil],
    );
  }

  async lapsed(now: number): Promise<string[]> {
    const rows = await this.#database.query<{ id: string }>(
      "SELECT id FROM market_instances WHERE lease_until <= $1 ORDER BY id",
      [now],
    );
    return rows.map(({ id }) => id);
  }

  async forget(instance: string): Promise<void> {
    await this.#database.execute("DELETE FROM market_instances WHERE id = $1", [instance]);
  }
}
