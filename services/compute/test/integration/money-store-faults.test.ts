import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { isFault } from "@koinon/errors/domain-error";
import type { Database } from "@koinon/postgres/database";
import { startChild } from "@koinon/testkit/child-process";
import { startTestPostgres, type TestDatabase, type TestPostgres } from "@koinon/testkit/postgres";
import { SeededRandom } from "@koinon/testkit/seeded-random";
import { waitFor } from "@koinon/testkit/wait-for";
import type { MoneyStore, SettleOutcome } from "../../src/market/accounts/money-store.ts";
import { PostgresMoneyStore } from "../../src/market/accounts/postgres-money-store.ts";
import { computeMigrations } from "../../src/market/storage.ts";
import { runMoneyLoad } from "../market/money-load.ts";
import { address, hash, reservation, SessionSample, terms } from "../market/money-samples.ts";

const loadProcess = fileURLToPath(new URL("../market/run-money-load.ts", import.meta.url));

describe("money store under faults", () => {
  let postgres: TestPostgres;
  let place: TestDatabase;
  let database: Database;
  let store: PostgresMoneyStore;

  beforeAll(async () => {
    // With fsync: what the store calls durable has to be there after a crash.
    postgres = await startTestPostgres({ durability: "full" });
  });
  afterAll(() => postgres.stop());
  beforeEach(async () => {
    place = await postgres.database([computeMigrations]);
    database = place.open({ schema: computeMigrations.schema });
    store = new PostgresMoneyStore({}, { database });
  });

  const open = (accountId: string, limit: bigint) =>
    store.openAccount({ requestId: `open ${accountId}`, accountId, consumer: address(accountId), limit, now: 1 });
  const replica = () => new PostgresMoneyStore({}, { database: place.open({ schema: computeMigrations.schema }) });
  const faults = () => database.query("SELECT * FROM ledger_faults");
  const states = async () => {
    const rows = await database.query<{ request_id: Buffer; state: string }>(
      "SELECT request_id, 'reserved' AS state FROM reservations UNION ALL SELECT request_id, state FROM settlements",
    );
    return new Map(rows.map(({ request_id, state }) => [`0x${request_id.toString("hex")}`, state]));
  };

  test("100 at once over three replicas against a budget for 10 are exactly 10", async () => {
    await open("alice", 1_000n);
    const replicas: MoneyStore[] = [store, replica(), replica()];
    const outcomes = await Promise.allSettled(
      Array.from({ length: 100 }, (_, index) => replicas[index % 3]?.reserve(reservation(`p${index}`, "alice", 100n))),
    );
    const refused = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason.code] : []));
    expect(refused).toEqual(Array.from({ length: 90 }, () => "INSUFFICIENT_FUNDS"));
    expect(await store.account("alice")).toMatchObject({ reserved: 1_000n });
    expect(await faults()).toEqual([]);
  });

  test("replicas that work on the same requests at once decide each of them once", async () => {
    await Promise.all(["alice", "bob", "carol"].map((accountId) => open(accountId, 100_000n)));
    const replicas = [store, replica(), replica()];
    const requests = Array.from({ length: 120 }, (_, index) => ({
      request: `shared ${index}`,
      accountId: ["alice", "bob", "carol"][index % 3] ?? "alice",
      from: ["ada", "bea", "cyd"][(index * 7) % 3] ?? "ada",
    }));
    const reserved = await Promise.all(
      replicas.map((each, offset) =>
        Promise.all(
          rotated(requests, offset * 40).map(({ request, accountId, from }) =>
            each.reserve(reservation(request, accountId, 50n, { from })),
          ),
        ),
      ),
    );
    expect(reserved.flat().filter((outcome) => outcome === "reserved")).toHaveLength(120);

    const receipts = requests.map(({ request, from }) =>
      new SessionSample(from, `session of ${request}`).next(request, 30n),
    );
    const decisions = await Promise.all(
      replicas.map((each, offset) =>
        Promise.all(
          rotated(receipts, offset * 40).map(async (receipt): Promise<SettleOutcome | "given back" | "closed"> => {
            if (offset < 2) return await each.settle(receipt);
            const giveBack = { requestId: receipt.requestId, relayedBy: "market-1", reason: "X", attempts: [], now: 1 };
            return (await each.void(giveBack)) === "voided" ? "given back" : "closed";
          }),
        ),
      ),
    );
    const count = (outcome: string) => decisions.flat().filter((each) => each === outcome).length;
    expect(count("settled") + count("given back")).toBe(120);
    expect(count("duplicate")).toBe(count("settled"));
    expect(count("voided")).toBe(2 * count("given back"));
    expect(await faults()).toEqual([]);
    const [spent] = await database.query<{ spent: string }>(
      "SELECT sum(debits_posted)::text AS spent FROM accounts WHERE kind = 'budget'",
    );
    expect(spent).toEqual({ spent: String(30 * count("settled")) });
  });

  test("replicas that begin one session at once settle one first receipt", async () => {
    await open("alice", 1_000n);
    const replicas = [store, replica(), replica()];
    for (const [index] of replicas.entries()) await store.reserve(reservation(`r${index}`, "alice", 10n));
    const session = new SessionSample("ada", "contested");
    const outcomes = await Promise.all(
      replicas.map((each, index) => each.settle(session.at(`r${index}`, 1n, 0n, `0x${"00".repeat(32)}`))),
    );
    expect(outcomes.sort()).toEqual(["chain-broken", "chain-broken", "settled"]);
    expect(await faults()).toEqual([]);
  });

  test("three replicas that do everything at once to the same requests neither deadlock nor lose a micro-credit", async () => {
    const accountIds = ["alice", "bob", "carol"];
    const providers = ["ada", "bea", "cyd"];
    await Promise.all(accountIds.map((accountId) => open(accountId, 10_000n)));
    const replicas = [store, replica(), replica()];
    const unexpected: unknown[] = [];
    const worker = async (random: SeededRandom) => {
      for (let round = 0; round < 50; round += 1) {
        const each = random.pick(replicas);
        const [number, from] = [random.integer(150), random.pick(providers)];
        const [name, accountId] = [`contested ${number}`, accountIds[number % 3] ?? "alice"];
        const requestId = hash(name);
        const more = { from, relayedBy: `market-${random.integer(2)}`, expiresAt: random.integer(100) };
        const receipt = new SessionSample(from, `${random.seed} ${round}`).next(name, 0n);
        const delivered = { digest: hash("part"), bytes: 1 };
        const steps: (() => Promise<unknown>)[] = [
          () => each.reserve(reservation(name, accountId, BigInt(random.integer(60)), more)),
          () => each.reserve(reservation(name, accountId, BigInt(random.integer(60)), more)),
          () => each.settle(receipt),
          () => each.settle(receipt),
          () => each.void({ requestId, relayedBy: "market-1", reason: "X", attempts: [], now: 1 }),
          () => each.repoint(requestId, terms(from, BigInt(random.integer(60))), []),
          () => each.repoint(requestId, terms(from, BigInt(random.integer(60))), []),
          () => each.endRelay({ requestId, delivered, attempts: [], expiresAt: random.integer(100) }),
          () => each.endRelaysOf("market-0", random.integer(100)),
          () => each.expire(random.integer(30), 20),
        ];
        await random
          .pick(steps)()
          .catch((error: unknown) => {
            if (!isFault(error, "INSUFFICIENT_FUNDS")) unexpected.push(error);
          });
      }
    };
    await Promise.all(Array.from({ length: 48 }, (_, index) => worker(new SeededRandom(`turmoil ${index}`))));
    expect(unexpected).toEqual([]);
    expect(await faults()).toEqual([]);
    const [statistics] = await database.query(
      "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()",
    );
    expect(statistics).toEqual({ deadlocks: 0n });
  });

  test("kill -9 of PostgreSQL under load: nothing that was told is lost, nothing is paid twice", async () => {
    await open("alice", 10_000_000n);
    const told = new Map<string, string>();
    const ending = new AbortController();
    const load = runMoneyLoad(
      store,
      { workers: 24, name: "survivor", accountId: "alice", signal: ending.signal },
      (what, request) => told.set(hash(request), what),
    );
    for (const enough of [200, 600]) {
      await waitFor(() => told.size > enough, { deadlineMs: 20_000 });
      await postgres.kill();
      await postgres.restart();
    }
    await waitFor(() => told.size > 1_000, { deadlineMs: 20_000 });
    ending.abort();
    await load;
    expect(await faults()).toEqual([]);
    const found = await states();
    const wrong = [...told].filter(([request, what]) => what !== "reserved" && found.get(request) !== what);
    expect(wrong).toEqual([]);
    const settled = [...told.values()].filter((what) => what === "settled").length;
    expect(await store.account("alice")).toMatchObject({ spent: BigInt(settled) * 7n, reserved: 0n });
    const [events] = await database.query(
      "SELECT count(*)::int AS events, count(DISTINCT message_id)::int AS receipts FROM outbox",
    );
    expect(events).toEqual({ events: settled, receipts: settled });
  });

  test("kill -9 of market processes under load: what they were told holds, the rest expires", async () => {
    await open("alice", 10_000_000n);
    const run = async (name: string, enough: number) => {
      const child = await startChild({
        command: process.execPath,
        args: ["--no-warnings", loadProcess, place.url, name, "alice"],
      });
      await waitFor(() => child.stdoutLines.length > enough, { deadlineMs: 20_000 });
      await child.kill();
      return child.stdoutLines;
    };
    const lines = (await Promise.all([run("first", 150), run("second", 400)])).flat();
    // A killed process's transaction may still be on its way to an end.
    const busy = "SELECT 1 FROM pg_stat_activity WHERE application_name IN ('first', 'second')";
    await waitFor(async () => (await database.query(busy)).length === 0);
    expect(await faults()).toEqual([]);
    const found = await states();
    const wrong = lines.filter((line) => {
      const [what = "", request = ""] = line.split(":");
      const state = found.get(hash(request));
      return what === "reserved" ? state === undefined : state !== what;
    });
    expect(wrong).toEqual([]);
    const stillOpen = [...found.values()].filter((state) => state === "reserved").length;
    expect(await store.expire(61_000, 10_000)).toBe(stillOpen);
    const settled = [...found.values()].filter((state) => state === "settled").length;
    expect(await store.account("alice")).toMatchObject({ spent: BigInt(settled) * 7n, reserved: 0n });
    expect(await faults()).toEqual([]);
  });
});

function rotated<T>(items: readonly T[], by: number): T[] {
  return [...items.slice(by), ...items.slice(0, by)];
}
