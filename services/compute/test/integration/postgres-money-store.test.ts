import { afterAll, beforeAll, expect } from "@jest/globals";
import { startTestPostgres, type TestPostgres } from "@koinon/testkit/postgres";
import { PostgresMoneyStore } from "../../src/market/accounts/postgres-money-store.ts";
import { computeMigrations } from "../../src/market/storage.ts";
import { describeMoneyStore } from "../market/money-store-suite.ts";

let postgres: TestPostgres;

beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres.stop());

for (const batchMax of [128, 1]) {
  describeMoneyStore(`PostgreSQL, batches of ${batchMax}`, async () => {
    const database = (await postgres.database([computeMigrations])).open({ schema: computeMigrations.schema });
    return {
      store: new PostgresMoneyStore({ batchMax }, { database }),
      close: () => database.close(),
      async assertBalanced() {
        expect(await database.query("SELECT * FROM ledger_faults")).toEqual([]);
      },
    };
  });
}
