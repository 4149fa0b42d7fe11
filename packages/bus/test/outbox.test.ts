import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { Database } from "@koinon/postgres/database";
import { FakeClock } from "@koinon/testkit/fake-clock";
import { startNats } from "@koinon/testkit/nats-server";
import { startTestPostgres, type TestPostgres } from "@koinon/testkit/postgres";
import { describeWithProgram } from "@koinon/testkit/program-suite";
import { waitFor } from "@koinon/testkit/wait-for";
import type { Bus, BusEvent } from "../src/bus.ts";
import { BusError } from "../src/bus-error.ts";
import { handleOnce, pruneInbox } from "../src/inbox.ts";
import { connectJetStreamBus } from "../src/jetstream-bus.ts";
import { MemoryBus } from "../src/memory-bus.ts";
import { appendToOutbox } from "../src/outbox.ts";
import { type OutboxObservation, OutboxRelay } from "../src/outbox-relay.ts";

const migrations = [{ schema: "shop", directory: fileURLToPath(new URL("migrations", import.meta.url)) }];
const memoryBus = () => new MemoryBus({ redeliveryDelayMs: () => 5, stopGraceMs: 20 }, { clock: new FakeClock() });

/** A bus that takes what `accept` lets it. */
function busThat(accept: (id: string) => void | Promise<void>): Bus & { published: string[] } {
  const published: string[] = [];
  return {
    published,
    async publish(event) {
      await accept(event.id);
      published.push(event.id);
    },
    consume: async () => ({ stop: async () => undefined }),
    isConnected: () => true,
    close: async () => undefined,
  };
}

describe("outbox and inbox", () => {
  let postgres: TestPostgres;
  let database: Database;

  beforeAll(async () => {
    postgres = await startTestPostgres();
  });
  beforeEach(async () => {
    database = (await postgres.database(migrations)).open({ schema: "shop" });
  });
  afterEach(() => Promise.all(relays.splice(0).map((relay) => relay.stop())));
  afterAll(() => postgres.stop());

  const relays: OutboxRelay[] = [];
  const subject = "koinon.shop.v1.sold";
  const sell = (ids: readonly string[], options = {}, from = database) =>
    from.transaction(async (transaction) => {
      await transaction.execute("INSERT INTO sales SELECT unnest($1::text[])", [ids]);
      const events = ids.map((id) => ({ subject, payload: Buffer.from(id), headers: { traceparent: id } }));
      return await appendToOutbox(transaction, events, options);
    });
  const rows = () =>
    database.query<{ id: bigint; published: boolean }>(
      "SELECT id, published_at IS NOT NULL AS published FROM outbox ORDER BY id",
    );
  const startRelay = (bus: Bus, options = {}) => {
    const observed: OutboxObservation[] = [];
    const relay = new OutboxRelay(
      { source: "shop", afterPublish: "delete", pollIntervalMs: 10_000, backoffMs: 5, ...options },
      { database, bus, observe: (observation) => observed.push(observation) },
    );
    relay.start();
    relays.push(relay);
    return { relay, observed };
  };

  test("publishes in id order with payload, headers and an id made of source and row", async () => {
    const bus = memoryBus();
    const events: BusEvent[] = [];
    const handler = async (event: BusEvent) => void events.push(event);
    await bus.consume({ durable: "all", subject, maxDeliveries: 3, handler });
    const ids = await sell(["a", "b", "c"]);
    const { relay } = startRelay(bus, { batchSize: 2 });
    await waitFor(() => events.length === 3);
    expect(events.map(({ id }) => id)).toEqual(ids.map((id) => `shop.${id}`));
    expect(events.map(({ payload }) => Buffer.from(payload).toString())).toEqual(["a", "b", "c"]);
    expect(events[1]?.headers).toEqual({ traceparent: "b" });
    await waitFor(async () => (await rows()).length === 0);
    await relay.stop();
    await bus.close();
  });

  test("takes the event ids from a column where there is one", async () => {
    const bus = busThat(() => undefined);
    await database.execute(
      "INSERT INTO named_outbox (subject, payload, receipt) SELECT $1, '', 'receipt-' || n FROM generate_series(1, 2) AS n",
      [subject],
    );
    const { relay } = startRelay(bus, { table: "named_outbox", idColumn: "receipt" });
    await waitFor(() => bus.published.length === 2);
    expect(bus.published).toEqual(["receipt-1", "receipt-2"]);
    await relay.stop();
  });

  test("what a transaction took back is never published", async () => {
    const bus = busThat(() => undefined);
    const failed = database.transaction(async (transaction) => {
      await appendToOutbox(transaction, [{ subject, payload: Buffer.from("x") }]);
      throw new Error("no");
    });
    await expect(failed).rejects.toThrow("no");
    await sell(["a"]);
    const { relay } = startRelay(bus);
    await waitFor(() => bus.published.length === 1);
    await relay.stop();
    expect(bus.published).toHaveLength(1);
  });

  test("wakes by its own signal and by NOTIFY, long before the poll", async () => {
    const bus = busThat(() => undefined);
    const { relay } = startRelay(bus, { notify: "shop_outbox" });
    await waitFor(async () => (await relay.backlog()).pending === 0);
    await sell(["local"]);
    relay.wake();
    await waitFor(() => bus.published.length === 1);
    await waitFor(async () => {
      const [row] = await database.query("SELECT 1 FROM pg_stat_activity WHERE query ILIKE 'LISTEN%'");
      return row !== undefined;
    });
    await sell(["remote"], { notify: "shop_outbox" });
    await waitFor(() => bus.published.length === 2);
    await relay.stop();
  });

  test("a broken bus costs nothing but time, and only the refused rows stay", async () => {
    let broken = true;
    const bus = busThat((id) => {
      if (broken && id !== "shop.1") throw new BusError({ code: "BUS_UNREACHABLE", reason: "away" });
    });
    await sell(["a", "b"]);
    const { relay, observed } = startRelay(bus);
    await waitFor(() => observed.filter(({ kind }) => kind === "failed").length >= 3);
    expect(await rows()).toEqual([{ id: 2n, published: false }]);
    expect(await relay.backlog()).toMatchObject({ pending: 1 });
    broken = false;
    await waitFor(() => bus.published.length === 2);
    expect(bus.published).toEqual(["shop.1", "shop.2"]);
    await relay.stop();
  });

  test("kept rows are published again until their owner deletes them", async () => {
    const bus = busThat(() => undefined);
    await sell(["a", "b"]);
    const { relay } = startRelay(bus, { afterPublish: "keep" });
    await waitFor(async () => (await rows()).every((row) => row.published));
    expect(await relay.republish(60_000, 10)).toBe(0);
    await database.execute("DELETE FROM outbox WHERE id = 1");
    await waitFor(async () => (await relay.republish(0, 10)) === 1);
    await waitFor(() => bus.published.length === 3);
    expect(bus.published[2]).toBe("shop.2");
    await relay.stop();
  });

  test("two relays share a table without publishing anything twice", async () => {
    const bus = busThat(() => new Promise((resolve) => setImmediate(resolve)));
    await sell(Array.from({ length: 300 }, (_, index) => `sale-${index}`));
    const both = [startRelay(bus, { batchSize: 16 }), startRelay(bus, { batchSize: 16 })];
    await waitFor(() => bus.published.length >= 300);
    await waitFor(async () => (await rows()).length === 0);
    await Promise.all(both.map(({ relay }) => relay.stop()));
    expect(new Set(bus.published).size).toBe(300);
    expect(bus.published).toHaveLength(300);
  });

  test("stops while the bus hangs, and leaves the row for the next relay", async () => {
    const bus = busThat(() => new Promise(() => undefined));
    await sell(["a"]);
    const { relay } = startRelay(bus);
    await waitFor(async () => (await database.query("SELECT 1 FROM outbox FOR UPDATE SKIP LOCKED")).length === 0);
    await relay.stop();
    expect(await rows()).toEqual([{ id: 1n, published: false }]);
  });

  test("goes on after PostgreSQL was killed", async () => {
    const bus = busThat(() => undefined);
    const { relay, observed } = startRelay(bus, { pollIntervalMs: 20 });
    await sell(["a"]);
    relay.wake();
    await waitFor(() => bus.published.length === 1);
    await postgres.kill();
    await waitFor(() => observed.some(({ kind }) => kind === "failed"));
    await postgres.restart();
    await waitFor(() => sell(["b"]).then(() => true));
    // What was published before may be published again: its mark does not wait for the disk. Ids may leave a gap after a crash.
    await waitFor(() => bus.published.some((id) => id !== "shop.1"));
    await relay.stop();
  });

  test("the effect of an event that comes twice happens once", async () => {
    const event: BusEvent = { subject, id: "shop.1", payload: Buffer.from("a"), headers: {}, deliveries: 1 };
    const options = { consumer: "counter" };
    const count = (fail = false) =>
      handleOnce(database, event, options, async (transaction) => {
        await transaction.execute(
          "INSERT INTO effects VALUES ('a', 1) ON CONFLICT (id) DO UPDATE SET count = effects.count + 1",
        );
        if (fail) throw new Error("crash before commit");
      });
    await expect(count(true)).rejects.toThrow("crash");
    const outcomes = await Promise.all([count(), count(), count()]);
    expect(outcomes.sort()).toEqual(["duplicate", "duplicate", "new"]);
    expect(await database.query("SELECT count FROM effects")).toEqual([{ count: 1 }]);
    expect(await pruneInbox(database, 60_000, 10)).toBe(0);
    await waitFor(async () => (await pruneInbox(database, 0, 10)) === 1);
  });

  describeWithProgram("nats-server", "with JetStream", () => {
    test("NATS killed in between: every sale has its effect exactly once", async () => {
      const nats = await startNats();
      const quick = { redeliveryDelayMs: () => 5, publishTimeoutMs: 300, ackWaitMs: 1_000 };
      const bus = await connectJetStreamBus({ servers: [nats.url], name: "outbox", ...quick });
      const handler = async (event: BusEvent) => {
        await handleOnce(database, event, { consumer: "counter" }, async (transaction) => {
          await transaction.execute(
            "INSERT INTO effects VALUES ($1, 1) ON CONFLICT (id) DO UPDATE SET count = effects.count + 1",
            [Buffer.from(event.payload).toString()],
          );
        });
      };
      await bus.consume({ durable: "counter", subject, maxDeliveries: 20, handler });
      const { relay } = startRelay(bus, { batchSize: 8, pollIntervalMs: 20, publishTimeoutMs: 1_000 });
      const ids = Array.from({ length: 60 }, (_, index) => `sale-${index}`);
      for (const id of ids) {
        await sell([id]);
        relay.wake();
        if (id === "sale-20") await nats.kill();
        if (id === "sale-40") await nats.restart();
      }
      const effects = () => database.query<{ count: number }>("SELECT count FROM effects");
      await waitFor(async () => (await effects()).length === ids.length, { deadlineMs: 20_000 });
      await waitFor(async () => (await rows()).length === 0, { deadlineMs: 20_000 });
      expect((await effects()).every(({ count }) => count === 1)).toBe(true);
      await relay.stop();
      await bus.close();
      await nats.stop();
    });
  });
});
