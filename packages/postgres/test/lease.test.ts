import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { Database } from "../src/database.ts";
import { acquireLease } from "../src/lease.ts";
import { listen } from "../src/notifications.ts";
import { startServer, until } from "./embedded-server.ts";

describe("lease and notifications", () => {
  let postgres: Awaited<ReturnType<typeof startServer>>;
  let database: Database;
  let url: string;

  beforeAll(async () => {
    postgres = await startServer();
    url = await postgres.freshDatabase();
    database = new Database({ url, applicationName: "observer" });
    await database.execute("CREATE TABLE notes (text text)");
  });
  afterAll(async () => {
    await database.close();
    await postgres.stop();
  });

  const acquire = (name: string, options = {}) =>
    acquireLease({ url, applicationName: `holder-${name}`, name, ...options });
  const terminate = (applicationName: string) =>
    database.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1", [
      applicationName,
    ]);

  test("has one holder; the next one follows its release", async () => {
    const first = await acquire("single");
    let held = false;
    const second = acquire("single").then((lease) => {
      held = true;
      return lease;
    });
    const waiting = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
    await until(async () => (await database.query(waiting)).length === 1);
    expect(held).toBe(false);
    await first.release();
    expect(first.signal.aborted).toBe(true);
    const next = await second;
    expect(next.signal.aborted).toBe(false);
    await (await acquire("another")).release();
    await next.release();
  });

  test("waiting ends with an abort and leaves nothing in the queue", async () => {
    const holder = await acquire("queue");
    const abort = new AbortController();
    const waiting = acquire("queue", { signal: abort.signal });
    const blocked = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
    await until(async () => (await database.query(blocked)).length === 1);
    abort.abort(new Error("gone"));
    await expect(waiting).rejects.toThrow("gone");
    await holder.release();
    await (await acquire("queue")).release();
  });

  test("a lost connection aborts the holder, whose late transaction can not commit", async () => {
    const lease = await acquire("lost");
    await lease.transaction((transaction) => transaction.execute("INSERT INTO notes VALUES ('held')"));
    await terminate("holder-lost");
    await until(() => lease.signal.aborted);
    const late = lease.transaction((transaction) => transaction.execute("INSERT INTO notes VALUES ('late')"));
    await expect(late).rejects.toMatchObject({ fault: { code: "DATABASE_UNREACHABLE" } });
    await (await acquire("lost")).release();
    expect(await database.query("SELECT text FROM notes")).toEqual([{ text: "held" }]);
    await lease.release();
  });

  test("a server that stops answering counts as lost", async () => {
    const lease = await acquire("silent", { checkIntervalMs: 50 });
    const [backend] = await database.query<{ pid: number }>(
      "SELECT pid FROM pg_stat_activity WHERE application_name = 'holder-silent'",
    );
    const pid = backend?.pid ?? 0;
    process.kill(pid, "SIGSTOP");
    try {
      await until(() => lease.signal.aborted);
    } finally {
      process.kill(pid, "SIGCONT");
    }
    await lease.release();
  });

  test("notifications arrive, and a reconnect says that some may be missing", async () => {
    const abort = new AbortController();
    const received: string[] = [];
    let losses = 0;
    const listening = listen({
      url,
      applicationName: "listener",
      channel: "news",
      onNotification: (payload) => received.push(payload),
      onDisconnected: () => {
        losses += 1;
      },
      signal: abort.signal,
    });
    await until(() => received.length === 1);
    await database.query("SELECT pg_notify('news', 'one')");
    await until(() => received.length === 2);
    await terminate("listener");
    await until(() => received.length === 3);
    await database.query("SELECT pg_notify('news', 'two')");
    await until(() => received.length === 4);
    expect(received).toEqual(["", "one", "", "two"]);
    expect(losses).toBe(1);
    abort.abort();
    await listening;
  });
});
