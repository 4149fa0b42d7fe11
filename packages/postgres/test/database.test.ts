import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { inspect, promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { Database } from "../src/database.ts";
import { startServer, until } from "./embedded-server.ts";

const run = promisify(execFile);

describe("Database", () => {
  let postgres: Awaited<ReturnType<typeof startServer>>;
  let url: string;
  let database: Database;

  beforeAll(async () => {
    postgres = await startServer();
    url = await postgres.freshDatabase();
    database = new Database({ url, applicationName: "test-app" });
    await database.execute("CREATE TABLE items (id int PRIMARY KEY, amount bigint CHECK (amount >= 0))");
  });
  afterAll(async () => {
    await database.close();
    await postgres.stop();
  });

  test("types: int8 is bigint, numeric text, bytea bytes, arrays of int8 too", async () => {
    const [row] = await database.query(
      "SELECT $1::bigint AS big, $2::numeric AS exact, $3::bytea AS bytes, ARRAY[1, NULL]::bigint[] AS list, '{}'::bigint[] AS none",
      [2n ** 63n - 1n, 2n ** 100n, Uint8Array.of(0, 255)],
    );
    expect(row).toEqual({
      big: 9223372036854775807n,
      exact: "1267650600228229401496703205376",
      bytes: Buffer.from([0, 255]),
      list: [1n, null],
      none: [],
    });
  });

  test("the connection carries name, schema, limits and settings from its first statement", async () => {
    const settings = { synchronous_commit: "off", "koinon.note": "with blank" };
    const limits = { statementTimeoutMs: 1_234, lockTimeoutMs: 567 };
    const own = new Database({ url, applicationName: "market", schema: "market", settings, ...limits });
    const names = ["application_name", "search_path", "statement_timeout", "lock_timeout", "koinon.note", "timezone"];
    const values = await Promise.all(names.map((name) => own.query("SELECT current_setting($1) AS value", [name])));
    expect(values.flat().map((row) => (row as { value: string }).value)).toEqual([
      ...["market", "market", "1234ms", "567ms", "with blank", "UTC"],
    ]);
    await own.close();
    expect(() => new Database({ url, applicationName: "x", schema: "a; drop" })).toThrow("schema name");
  });

  test("an idle connection that breaks is reported in few words; one that the server ends while the pool closes is not", async () => {
    const lost: Error[] = [];
    const options = { url, applicationName: "lossy", poolSize: 1 };
    const own = new Database(options, { onConnectionLost: (error) => lost.push(error) });
    const backend = async (of: Database) => {
      const [row] = await of.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
      return row?.pid ?? 0;
    };
    await database.execute("SELECT pg_terminate_backend($1)", [await backend(own)]);
    await until(() => lost.length === 1);
    expect(lost[0]).toMatchObject({ fault: { code: "DATABASE_UNREACHABLE" } });
    expect(inspect(lost[0], { depth: 9, showHidden: true }).length).toBeLessThan(5_000);

    const pid = await backend(own);
    // Stopped, the server reads the signal before the farewell that came first.
    process.kill(pid, "SIGSTOP");
    const closing = own.close();
    process.kill(pid, "SIGTERM");
    process.kill(pid, "SIGCONT");
    await closing;
    await until(
      async () => (await database.query("SELECT 1 FROM pg_stat_activity WHERE pid = $1", [pid])).length === 0,
    );
    await database.query("SELECT 1");
    expect(lost.length).toBe(1);
  });

  test("a named statement is prepared once per connection", async () => {
    const one = new Database({ url, applicationName: "prepared", poolSize: 1 });
    for (let count = 0; count < 3; count += 1) await one.query({ name: "pick", text: "SELECT $1::int AS n" }, [count]);
    const prepared = await one.query("SELECT name FROM pg_prepared_statements");
    expect(prepared).toEqual([{ name: "pick" }]);
    await one.close();
  });

  test("violations are typed faults and do not cost the connection", async () => {
    const own = new Database({ url, applicationName: "faults", poolSize: 1 });
    const pid = async () => (await own.query<{ pid: number }>("SELECT pg_backend_pid() AS pid"))[0]?.pid;
    const before = await pid();
    await own.execute("INSERT INTO items VALUES (1, 5)");
    const fault = (code: string, more = {}) => ({ fault: { code, ...more } });
    await expect(own.execute("INSERT INTO items VALUES (1, 5)")).rejects.toMatchObject(
      fault("UNIQUE_VIOLATION", { table: "items", constraint: "items_pkey" }),
    );
    await expect(own.execute("INSERT INTO items VALUES (2, -1)")).rejects.toMatchObject(
      fault("CONSTRAINT_VIOLATION", { constraint: "items_amount_check" }),
    );
    await expect(own.query("SELECT nonsense")).rejects.toMatchObject(fault("QUERY_REFUSED", { sqlState: "42703" }));
    expect(await pid()).toBe(before);
    await own.close();
  });

  test("a statement sent behind another runs after it, succeeds or fails by itself, and the connection comes back", async () => {
    const own = new Database({ url, applicationName: "pairs", poolSize: 1 });
    await own.execute("CREATE TABLE steps (step int)");
    const step = { name: "step", text: "INSERT INTO steps VALUES ($1) RETURNING step" };
    const both = { name: "both", text: "INSERT INTO steps SELECT count(*) FROM steps" };
    const { rows, after } = await own.queryThen(step, [7], both);
    await after;
    expect(rows).toEqual([{ step: 7 }]);
    expect(await own.query("SELECT step FROM steps ORDER BY step")).toEqual([{ step: 1 }, { step: 7 }]);

    const divide = { name: "divide", text: "SELECT 1 / $1::int AS one" };
    await expect(own.queryThen(divide, [0], both)).rejects.toMatchObject({ code: "QUERY_REFUSED" });
    const zero = { name: "zero", text: "SELECT 1 / 0" };
    const half = await own.queryThen(divide, [1], zero);
    await expect(half.after).rejects.toMatchObject({ code: "QUERY_REFUSED" });
    expect(half.rows).toEqual([{ one: 1 }]);
    expect(await own.query("SELECT count(*)::int AS steps FROM steps")).toEqual([{ steps: 3 }]);
    expect(own.stats()).toEqual({ total: 1, idle: 1, waiting: 0 });
    await own.close();
  });

  test("a pair that the driver refuses at once costs its connection and no other", async () => {
    const own = new Database({ url, applicationName: "refused", poolSize: 1 });
    const plain = { name: "plain", text: "SELECT 1 AS one" };
    const refused = {
      name: "refused",
      get text(): string {
        throw new Error("refused by the driver");
      },
    };
    await expect(own.queryThen(refused, [], plain)).rejects.toThrow("refused by the driver");
    await expect(own.queryThen(plain, [], refused)).rejects.toThrow("refused by the driver");
    const { rows, after } = await own.queryThen(plain, [], plain);
    await after;
    expect(rows).toEqual([{ one: 1 }]);
    expect(own.stats()).toEqual({ total: 1, idle: 1, waiting: 0 });
    await own.close();
  });

  test("limits of statement and lock are typed faults", async () => {
    const own = new Database({ url, applicationName: "limits", statementTimeoutMs: 50 });
    await expect(own.query("SELECT pg_sleep(5)")).rejects.toMatchObject({ fault: { code: "STATEMENT_TIMEOUT" } });
    const impatient = new Database({ url, applicationName: "limits", lockTimeoutMs: 50 });
    await database.transaction(async (holder) => {
      await holder.execute("LOCK TABLE items");
      await expect(impatient.query("SELECT 1 FROM items")).rejects.toMatchObject({ fault: { code: "LOCK_TIMEOUT" } });
    });
    await Promise.all([own.close(), impatient.close()]);
  });

  test("an unreachable server, a wrong password's server and a missing database are told apart", async () => {
    const elsewhere = new Database({ url: "postgresql://x:y@127.0.0.1:1/x", applicationName: "x" });
    await expect(elsewhere.query("SELECT 1")).rejects.toMatchObject({ fault: { code: "DATABASE_UNREACHABLE" } });
    const missing = new Database({ url: postgres.server.url("missing"), applicationName: "x" });
    await expect(missing.query("SELECT 1")).rejects.toMatchObject({
      fault: { code: "QUERY_REFUSED", sqlState: "3D000" },
    });
    const refused = new Database({ url: url.replace(/:[^:@]+@/, ":wrong@"), applicationName: "x" });
    await expect(refused.query("SELECT 1")).rejects.toMatchObject({
      fault: { code: "QUERY_REFUSED", sqlState: "28P01" },
    });
    await Promise.all([elsewhere.close(), missing.close(), refused.close()]);
  });

  test("a connection that breaks while it is used fails its statement and nothing else", async () => {
    const own = new Database({ url, applicationName: "breaking", poolSize: 1 });
    const unreachable = { fault: { code: "DATABASE_UNREACHABLE" } };
    await expect(own.query("SELECT pg_terminate_backend(pg_backend_pid())")).rejects.toMatchObject(unreachable);
    const terminate = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'breaking'";
    const broken = own.transaction(async (transaction) => {
      await transaction.query("SELECT 1");
      await database.query(terminate);
      await until(async () => (await database.query(terminate)).length === 0);
      await transaction.query("SELECT 1");
    });
    await expect(broken).rejects.toMatchObject(unreachable);
    expect(await own.query("SELECT 1 AS one")).toEqual([{ one: 1 }]);
    await own.close();
  });

  test("callers beyond the bound are refused at once", async () => {
    const small = new Database({ url, applicationName: "small", poolSize: 1, maxWaiting: 2 });
    const running = [1, 2, 3].map(() => small.query("SELECT pg_sleep(0.05)"));
    await expect(small.query("SELECT 1")).rejects.toMatchObject({ fault: { code: "DATABASE_OVERLOADED", waiting: 2 } });
    await Promise.all(running);
    expect(await small.query("SELECT 1 AS one")).toEqual([{ one: 1 }]);
    expect(small.stats()).toEqual({ total: 1, idle: 1, waiting: 0 });
    await small.close();
  });

  test("an abort cancels the running statement in the server, and the connection lives on", async () => {
    const own = new Database({ url, applicationName: "abort-running", poolSize: 1 });
    const [before] = await own.query("SELECT pg_backend_pid() AS pid");
    const abort = new AbortController();
    const sleeping = own.query("SELECT pg_sleep(30)", [], { signal: abort.signal });
    const running = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'abort-running' AND state = 'active'";
    await until(async () => (await database.query(running)).length === 1);
    abort.abort(new Error("gone"));
    await expect(sleeping).rejects.toThrow("gone");
    expect(await own.query("SELECT pg_backend_pid() AS pid")).toEqual([before]);
    await own.close();
  });

  test("an abort ends the wait for a connection without losing it", async () => {
    const own = new Database({ url, applicationName: "abort-waiting", poolSize: 1 });
    const busy = own.query("SELECT pg_sleep(0.1)");
    const abort = new AbortController();
    const waiting = own.query("SELECT 1", [], { signal: abort.signal });
    abort.abort(new Error("gone"));
    await expect(waiting).rejects.toThrow("gone");
    await busy;
    expect(await own.query("SELECT 2 AS two")).toEqual([{ two: 2 }]);
    await own.close();
  });
});

describe("transactions", () => {
  let postgres: Awaited<ReturnType<typeof startServer>>;
  let database: Database;

  beforeAll(async () => {
    postgres = await startServer();
    database = new Database({ url: await postgres.freshDatabase(), applicationName: "transactions" });
    await database.execute("CREATE TABLE counters (id int PRIMARY KEY, value int NOT NULL)");
    await database.execute("INSERT INTO counters VALUES (1, 0), (2, 0)");
  });
  afterAll(async () => {
    await database.close();
    await postgres.stop();
  });

  const value = async (id: number) =>
    (await database.query<{ value: number }>("SELECT value FROM counters WHERE id = $1", [id]))[0]?.value;

  test("commit keeps, an error takes everything back", async () => {
    await database.transaction((transaction) => transaction.execute("UPDATE counters SET value = 1 WHERE id = 1"));
    const failing = database.transaction(async (transaction) => {
      await transaction.execute("UPDATE counters SET value = 99 WHERE id = 1");
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    expect(await value(1)).toBe(1);
  });

  test("waits for the disk unless told otherwise", async () => {
    const setting = (options = {}) =>
      database.transaction((transaction) => transaction.query("SHOW synchronous_commit"), options);
    expect(await setting()).toEqual([{ synchronous_commit: "on" }]);
    expect(await setting({ durable: false })).toEqual([{ synchronous_commit: "off" }]);
    expect(await setting({ durable: false, isolation: "serializable" })).toEqual([{ synchronous_commit: "off" }]);
    expect(await setting()).toEqual([{ synchronous_commit: "on" }]);
  });

  test("a swallowed failure does not look like a commit", async () => {
    const swallowed = database.transaction(async (transaction) => {
      await transaction.execute("UPDATE counters SET value = 50 WHERE id = 1");
      await transaction.query("SELECT nonsense").catch(() => undefined);
    });
    await expect(swallowed).rejects.toMatchObject({ fault: { code: "QUERY_REFUSED", sqlState: "25P02" } });
    expect(await value(1)).toBe(1);
  });

  test("serialization failures are retried from the start, within a bound", async () => {
    await database.execute("UPDATE counters SET value = 0");
    const increment = async (retries: number) => {
      let attempts = 0;
      await database.transaction(
        async (transaction) => {
          attempts += 1;
          const [row] = await transaction.query<{ value: number }>("SELECT value FROM counters WHERE id = 2");
          if (attempts === 1) await database.execute("UPDATE counters SET value = value + 1 WHERE id = 2");
          await transaction.execute("UPDATE counters SET value = $1 WHERE id = 2", [(row?.value ?? 0) + 10]);
        },
        { isolation: "serializable", retries },
      );
      return attempts;
    };
    expect(await increment(1)).toBe(2);
    expect(await value(2)).toBe(11);
    await expect(increment(0)).rejects.toMatchObject({ fault: { code: "SERIALIZATION_FAILURE", attempts: 1 } });
    expect(await value(2)).toBe(12);
  });

  test("deadlocks are retried", async () => {
    await database.execute("UPDATE counters SET value = 0");
    const bothStarted = Promise.withResolvers<void>();
    let started = 0;
    const swap = (first: number, second: number) =>
      database.transaction(async (transaction) => {
        await transaction.execute("UPDATE counters SET value = value + 1 WHERE id = $1", [first]);
        started += 1;
        if (started === 2) bothStarted.resolve();
        await bothStarted.promise;
        await transaction.execute("UPDATE counters SET value = value + 1 WHERE id = $1", [second]);
      });
    await Promise.all([swap(1, 2), swap(2, 1)]);
    expect([await value(1), await value(2)]).toEqual([2, 2]);
  });

  test("an abort rolls back", async () => {
    const abort = new AbortController();
    const aborted = database.transaction(
      async (transaction) => {
        await transaction.execute("UPDATE counters SET value = 77 WHERE id = 1");
        abort.abort(new Error("gone"));
        await transaction.query("SELECT 1");
      },
      { signal: abort.signal },
    );
    await expect(aborted).rejects.toThrow("gone");
    expect(await value(1)).not.toBe(77);
    expect(database.stats().waiting).toBe(0);
  });

  test("what a session is asked for at once it does in turn, which the driver demands", async () => {
    const script = fileURLToPath(new URL("./run-session.ts", import.meta.url));
    const { stdout } = await run(process.execPath, ["--throw-deprecation", script, database.options.url]);
    expect(JSON.parse(stdout)).toEqual([false, true, false, false]);
  });
});
