import { fileURLToPath } from "node:url";
import { describeLateDatabase } from "@koinon/testkit/late-database-suite";
import { formatSignerKey } from "@koinon/tlog/note-key";
import { poiMigrations } from "../../src/migrations.ts";
import { logKey } from "../poi-fixture.ts";

describeLateDatabase({
  module: "poi",
  args: [fileURLToPath(new URL("../../src/main.ts", import.meta.url))],
  migrations: poiMigrations,
  env: (databaseUrl) => ({ POI_DATABASE_URL: databaseUrl, POI_LOG_KEY: formatSignerKey(logKey) }),
  waitSetting: "POI_DATABASE_WAIT_MS",
});
