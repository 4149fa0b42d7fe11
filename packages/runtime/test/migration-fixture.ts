// A process for the tests to start: `migration-fixture.ts <folder of migrations>`.
import { runMigrations } from "../src/migration-main.ts";

await runMigrations({
  schema: "fixture",
  directory: process.argv[2] as string,
  databaseUrl: "FIXTURE_DATABASE_URL",
});
