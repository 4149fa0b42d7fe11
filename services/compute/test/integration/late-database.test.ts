import { fileURLToPath } from "node:url";
import { describeLateDatabase } from "@koinon/testkit/late-database-suite";
import { computeMigrations } from "../../src/market/storage.ts";

describeLateDatabase({
  module: "market",
  args: [fileURLToPath(new URL("../../src/main.ts", import.meta.url)), "market"],
  migrations: computeMigrations,
  env: (databaseUrl) => ({ MARKET_DATABASE_URL: databaseUrl }),
  waitSetting: "MARKET_DATABASE_WAIT_MS",
});
