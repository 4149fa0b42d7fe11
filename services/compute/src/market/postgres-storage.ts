import type { Bus } from "@koinon/bus/bus";
import { OutboxRelay } from "@koinon/bus/outbox-relay";
import { Database } from "@koinon/postgres/database";
import type { Logger } from "@koinon/runtime/logger";
import { PostgresMoneyStore } from "./accounts/postgres-money-store.ts";
import { PostgresInstanceStore } from "./reconcile/postgres-instance-store.ts";
import { PostgresRegistryStore } from "./registry/postgres-registry-store.ts";
import { computeMigrations, type MarketStorage } from "./storage.ts";

/** Everything durable of the market in one PostgreSQL database, which several replicas may share. */
export function createPostgresStorage(
  options: { readonly url: string; readonly poolSize: number },
  { bus, log }: { bus: Bus; log: Logger },
): MarketStorage {
  const database = new Database(
    { ...options, applicationName: "koinon-market", schema: computeMigrations.schema },
    { onConnectionLost: (error) => log.warn({ err: error }, "database connection lost") },
  );
  // Published rows stay until the log has the receipt: what is never logged is published again.
  const relay = new OutboxRelay({ source: "market", afterPublish: "keep" }, { database, bus });
  return {
    money: new PostgresMoneyStore({}, { database }),
    registry: new PostgresRegistryStore({ database }),
    instances: new PostgresInstanceStore({ database }),
    start: () => relay.start(),
    settled: () => relay.wake(),
    async stop() {
      await relay.stop();
      await database.close();
    },
  };
}
