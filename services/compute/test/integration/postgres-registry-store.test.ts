import { fileURLToPath } from "node:url";
import { afterAll, beforeAll } from "@jest/globals";
import { startTestPostgres, type TestPostgres } from "@koinon/testkit/postgres";
import { PostgresRegistryStore } from "../../src/market/registry/postgres-registry-store.ts";
import { registryStoreSuite } from "../market/registry-store-suite.ts";

const migrations = [{ schema: "compute", directory: fileURLToPath(new URL("../../migrations", import.meta.url)) }];

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(async () => {
  await postgres.stop();
});

registryStoreSuite("PostgreSQL", async () => {
  const database = (await postgres.database(migrations)).open({ schema: "compute" });
  return new PostgresRegistryStore({ database });
});
