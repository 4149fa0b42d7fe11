import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, expect } from "@jest/globals";
import type { Database } from "@koinon/postgres/database";
import { startTestPostgres, type TestPostgres } from "@koinon/testkit/postgres";
import { PostgresMoneyStore } from "../../src/market/accounts/postgres-money-store.ts";
import { PostgresInstanceStore } from "../../src/market/reconcile/postgres-instance-store.ts";
import { PostgresRegistryStore } from "../../src/market/registry/postgres-registry-store.ts";
import { aheadSuite } from "../market/ahead-suite.ts";
import { deathsSuite } from "../market/deaths-suite.ts";
import { liesSuite } from "../market/lies-suite.ts";
import { relaySuite } from "../market/relay-suite.ts";
import type { Stores } from "../market/test-market.ts";

const migrations = [{ schema: "compute", directory: fileURLToPath(new URL("../../migrations", import.meta.url)) }];

let postgres: TestPostgres;
let database: Database;
beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterEach(async () => {
  // Whatever happened, no money was made and none was lost.
  expect(await database.query("SELECT * FROM ledger_faults")).toEqual([]);
});
afterAll(async () => {
  await postgres.stop();
});

async function open(): Promise<Stores> {
  database = (await postgres.database(migrations)).open({ schema: "compute" });
  return {
    money: new PostgresMoneyStore({}, { database }),
    registry: new PostgresRegistryStore({ database }),
    instances: new PostgresInstanceStore({ database }),
  };
}

relaySuite("PostgreSQL", open);
liesSuite("PostgreSQL", open);
deathsSuite("PostgreSQL", open);
aheadSuite("PostgreSQL", open);
