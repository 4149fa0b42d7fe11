import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { startTestPostgres, type TestPostgres } from "@koinon/testkit/postgres";
import { PostgresMoneyStore } from "../../src/market/accounts/postgres-money-store.ts";
import { computeMigrations } from "../../src/market/storage.ts";
import { address, reservation, SessionSample } from "../market/money-samples.ts";
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

test("settlements that still collect do not keep their money from whoever needs it", async () => {
  const database = (await postgres.database([computeMigrations])).open({ schema: computeMigrations.schema });
  const store = new PostgresMoneyStore({ settleLingerMs: 3_600_000 }, { database });
  await store.openAccount({ requestId: "o", accountId: "alice", consumer: address("alice"), limit: 100n, now: 1 });
  const session = new SessionSample("ada", "one");
  await store.reserve(reservation("first", "alice", 90n));
  const first = store.settle(session.next("first", 30n));
  // 10 are free, 60 more once the first is settled.
  await store.reserve(reservation("second", "alice", 70n));
  expect(await first).toBe("settled");
  const second = store.settle(session.next("second", 20n));
  expect(await store.account("alice")).toMatchObject({ spent: 50n, reserved: 0n });
  expect(await second).toBe("settled");
  await expect(store.reserve(reservation("third", "alice", 51n))).rejects.toMatchObject({ code: "INSUFFICIENT_FUNDS" });
  await database.close();
});
