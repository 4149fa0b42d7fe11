import { fileURLToPath } from "node:url";
import { afterAll, beforeAll } from "@jest/globals";
import { startTestPostgres, type TestPostgres } from "@koinon/testkit/postgres";
import { PostgresInstanceStore } from "../../src/market/reconcile/postgres-instance-store.ts";
import { PostgresRegistryStore } from "../../src/market/registry/postgres-registry-store.ts";
import { instanceStoreSuite } from "../market/instance-store-suite.ts";
import { registryStoreSuite } from "../market/registry-store-suite.ts";

const migrations = [{ schema: "compute", directory: fileURLToPath(new URL("../../migrations", import.meta.url)) }];

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(async () => {
  await postgres.stop();
});

const open = async () => (await postgres.database(migrations)).open({ schema: "compute" });

registryStoreSuite("PostgreSQL", async () => new PostgresRegistryStore({ database: await open() }));
instanceStoreSuite("PostgreSQL", async () => new PostgresInstanceStore({ database: await open() }));
