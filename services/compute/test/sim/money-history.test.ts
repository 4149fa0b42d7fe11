import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Database } from "@koinon/postgres/database";
import { startTestPostgres, type TestPostgres } from "@koinon/testkit/postgres";
import { SeededRandom } from "@koinon/testkit/seeded-random";
import { AccountsError } from "../../src/market/accounts/errors.ts";
import { MemoryMoneyStore } from "../../src/market/accounts/memory-money-store.ts";
import type { MoneyStore } from "../../src/market/accounts/money-store.ts";
import { PostgresMoneyStore } from "../../src/market/accounts/postgres-money-store.ts";
import { computeMigrations } from "../../src/market/storage.ts";
import { type HistoryStep, MoneyHistory } from "../market/money-history.ts";

/** Answers or faults of a step's calls, made in the same moment. */
async function perform(step: HistoryStep, store: MoneyStore): Promise<unknown[]> {
  const outcomes = await Promise.allSettled(step.calls.map((call) => call(store)));
  return outcomes.map((outcome) => {
    if (outcome.status === "fulfilled") return outcome.value;
    if (outcome.reason instanceof AccountsError) return outcome.reason.fault;
    throw outcome.reason;
  });
}

describe("random histories: PostgreSQL agrees with the pure ledger", () => {
  let postgres: TestPostgres;

  beforeAll(async () => {
    postgres = await startTestPostgres();
  });
  afterAll(() => postgres.stop());

  const totals = (database: Database) =>
    database.query(
      `SELECT CASE kind WHEN 'issuance' THEN kind ELSE kind || ':' || name END AS id, debits_pending::text, debits_posted::text,
         credits_pending::text, credits_posted::text
       FROM accounts ORDER BY id`,
    );

  for (const [seed, batchMax] of [
    ["aegina", 128],
    ["delos", 5],
    ["kos", 1],
  ] as const) {
    test(`seed ${seed}, batches of at most ${batchMax}`, async () => {
      const database = (await postgres.database([computeMigrations])).open({ schema: computeMigrations.schema });
      const stored = new PostgresMoneyStore({ batchMax }, { database });
      const oracle = new MemoryMoneyStore();
      const history = new MoneyHistory(new SeededRandom(seed), oracle);
      const seen = new Map<string, number>();
      const beginning = history.start();
      for (let index = 0; index < 350; index += 1) {
        const step = beginning[index] ?? (await history.next());
        const expected = await perform(step, oracle);
        const where = `seed ${seed}, step ${index} (${step.name})`;
        expect({ where, outcomes: await perform(step, stored) }).toEqual({ where, outcomes: expected });
        for (const outcome of expected) {
          const label =
            typeof outcome === "string" ? outcome : ((outcome as { code?: string } | undefined)?.code ?? step.name);
          seen.set(label, (seen.get(label) ?? 0) + 1);
        }
      }
      // A history that never gets into trouble proves little.
      const wanted = [
        "reserved",
        "duplicate",
        "INSUFFICIENT_FUNDS",
        "REQUEST_ID_REUSED",
        "ACCOUNT_UNKNOWN",
        "settled",
        "chain-broken",
      ];
      const more = ["predecessor-missing", "settled-otherwise", "repointed", "voided", "closed", "unknown-request"];
      for (const label of [...wanted, ...more])
        expect({ label, count: seen.get(label) ?? 0 }).not.toEqual({ label, count: 0 });

      expect(await database.query("SELECT * FROM ledger_faults")).toEqual([]);
      const ledger = oracle.ledger.accounts().map((account) => ({
        id: account.id,
        debits_pending: account.debitsPending.toString(),
        debits_posted: account.debitsPosted.toString(),
        credits_pending: account.creditsPending.toString(),
        credits_posted: account.creditsPosted.toString(),
      }));
      expect(await totals(database)).toEqual(ledger.sort((left, right) => (left.id < right.id ? -1 : 1)));
      const plain = (value: unknown) =>
        JSON.parse(JSON.stringify(value, (_key, item) => (typeof item === "bigint" ? `${item}n` : item)));
      const byRequest = async (store: MoneyStore) =>
        plain(
          [...(await store.reservations(history.requestIds)).values()].sort((left, right) =>
            left.requestId < right.requestId ? -1 : 1,
          ),
        );
      expect(await byRequest(stored)).toEqual(await byRequest(oracle));
      expect(plain(await stored.unlogged(history.now, 10_000))).toEqual(
        plain(await oracle.unlogged(history.now, 10_000)),
      );
      await database.close();
    });
  }
});
