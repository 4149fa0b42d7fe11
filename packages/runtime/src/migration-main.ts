import { readFileSync } from "node:fs";
import { migrate } from "@koinon/postgres/migrations";
import { systemClock } from "./clock.ts";
import { ConfigReader, declareConfig, secretSetting } from "./config.ts";
import { text } from "./config-schemas.ts";
import { configuredOrExit } from "./configured-or-exit.ts";
import { onEndSignals } from "./end-signals.ts";
import { createLogger } from "./logger.ts";

/** A schema, the folder of the files that make it, and the variable that holds the URL of its database. */
export interface MigrationPlan {
  readonly schema: string;
  readonly directory: string;
  readonly databaseUrl: string;
}

/** The whole life of a process that brings one schema up to date; its exit code is 1 when it could not. */
export async function runMigrations(plan: MigrationPlan): Promise<void> {
  const { schema, directory } = plan;
  const url = configuredOrExit(() => readDatabaseUrl(plan));
  const log = createLogger({ name: "migrate", level: "info", clock: systemClock });
  const ending = new AbortController();
  const first = (signal: NodeJS.Signals) => {
    log.info({ signal }, "migrations asked to end");
    ending.abort(new Error(`ended by ${signal}`));
  };
  // Each file is a transaction, so that nothing half done is left wherever it is cut.
  onEndSignals(process, { first, again: () => process.exit(1) }, systemClock);
  try {
    const options = { url, schema, directory, applicationName: "koinon-migrate", signal: ending.signal };
    log.info({ ...(await migrate(options)) }, "schema is up to date");
  } catch (error) {
    log.fatal({ schema, err: error }, "schema could not be brought up to date");
    process.exitCode = 1;
  }
  log.flush();
}

function readDatabaseUrl({ databaseUrl, schema }: MigrationPlan): string {
  const reader = new ConfigReader({ env: process.env, readFile: (path) => readFileSync(path, "utf8") });
  const description = `PostgreSQL database that holds the schema ${schema}.`;
  const declaration = declareConfig({ url: secretSetting({ env: databaseUrl, schema: text(), description }) });
  const { url } = reader.read("migrate", declaration);
  reader.finish();
  return url.reveal();
}
