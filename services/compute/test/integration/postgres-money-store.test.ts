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

test("the database itself refuses accounts that can not be", async () => {
  const database = (await postgres.database([computeMigrations])).open({ schema: computeMigrations.schema });
  const consumer = Buffer.alloc(20);
  await database.execute(
    "INSERT INTO accounts (kind, name, consumer, credits_posted) VALUES ('budget', 'b', $1, 100)",
    [consumer],
  );
  await database.execute("INSERT INTO accounts (kind, name) VALUES ('provider', 'p')");
  await database.execute("UPDATE accounts SET debits_pending = 60, debits_posted = 40 WHERE name = 'b'");
  await database.execute("UPDATE accounts SET debits_posted = 1 WHERE name = 'p'");
  const refused = [
    ...["debits_pending", "debits_posted", "credits_pending", "credits_posted", "withdrawn"].map(
      (total) => `UPDATE accounts SET ${total} = -1 WHERE name = 'p'`,
    ),
    "UPDATE accounts SET debits_pending = 61 WHERE name = 'b'",
    "UPDATE accounts SET kind = 'budget' WHERE name = 'p'",
    "UPDATE accounts SET consumer = NULL WHERE name = 'b'",
    "UPDATE accounts SET consumer = '\\x00' WHERE name = 'b'",
    "INSERT INTO accounts (kind, name) VALUES ('bank', 'x')",
    "INSERT INTO accounts (kind, name) VALUES ('budget', 'x')",
    "INSERT INTO accounts (kind, name, consumer) VALUES ('provider', 'x', decode(repeat('00', 20), 'hex'))",
  ];
  for (const statement of refused) {
    const outcome = await database.execute(statement).then(String, (error: { code: string }) => error.code);
    expect([statement, outcome]).toEqual([statement, "CONSTRAINT_VIOLATION"]);
  }
  await database.close();
});
