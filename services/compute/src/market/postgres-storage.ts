import type { Bus } from "@koinon/bus/bus";
import { OutboxRelay } from "@koinon/bus/outbox-relay";
import { awaitDatabase } from "@koinon/postgres/await-database";
import { Database } from "@koinon/postgres/database";
import type { Logger } from "@koinon/runtime/logger";
import { PostgresMoneyStore } from "./accounts/postgres-money-store.ts";
import type { MarketConfig } from "./config.ts";
import { PostgresInstanceStore } from "./reconcile/postgres-instance-store.ts";
import { PostgresRegistryStore } from "./registry/postgres-registry-store.ts";
import { computeMigrations, type MarketStorage } from "./storage.ts";

/** Everything in one PostgreSQL database; connects at the first use. */
export function openPostgresStorage(
  config: Pick<MarketConfig, "databaseUrl" | "databasePoolSize" | "databaseWaitMs">,
  { bus, log }: { bus: Bus; log: Logger },
): MarketStorage {
  const database = new Database(
    {
      url: config.databaseUrl.reveal(),
      applicationName: "market",
      schema: computeMigrations.schema,
      poolSize: config.databasePoolSize,
    },
    { onConnectionLost: (error) => log.warn({ err: error }, "database connection lost") },
  );
  const money = new PostgresMoneyStore({}, { database });
  // A row stays until its receipt is in the log: `markLogged` deletes it, and what stays too long is published again.
  const outbox = new OutboxRelay({ source: "market", idColumn: "message_id", afterPublish: "keep" }, { database, bus });
  return {
    money,
    registry: new PostgresRegistryStore({ database }),
    instances: new PostgresInstanceStore({ database }),
    available: (signal, waiting) => awaitDatabase(database, { waitMs: config.databaseWaitMs, signal, waiting }),
    start: () => outbox.start(),
    settled: () => outbox.wake(),
    async stop() {
      await money.idle();
      await outbox.stop();
      await database.close();
    },
  };
}
