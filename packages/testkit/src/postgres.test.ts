import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { startTestPostgres, type TestPostgres } from "./postgres.ts";
import { waitFor } from "./wait-for.ts";

describe("startTestPostgres", () => {
  let postgres: TestPostgres;
  let directory: string;

  beforeAll(async () => {
    postgres = await startTestPostgres();
    directory = await mkdtemp(path.join(os.tmpdir(), "koinon-migrations-"));
    await writeFile(path.join(directory, "0001_items.sql"), "CREATE TABLE items (id int PRIMARY KEY)");
  });

  afterAll(async () => {
    await postgres.stop();
    await rm(directory, { recursive: true });
  });

  test("databases are clones that do not see each other", async () => {
    const [first, second] = await Promise.all([1, 2].map(() => postgres.database([{ schema: "shop", directory }])));
    const one = first?.open({ schema: "shop" });
    const two = second?.open({ schema: "shop" });
    await one?.execute("INSERT INTO items VALUES (1)");
    expect(await one?.query("SELECT id FROM items")).toEqual([{ id: 1 }]);
    expect(await two?.query("SELECT id FROM items")).toEqual([]);
  });

  test("a killed server comes back with what it had committed", async () => {
    const database = (await postgres.database([{ schema: "shop", directory }])).open({ schema: "shop" });
    await database.execute("INSERT INTO items VALUES (7)");
    const before = postgres.pid();
    await postgres.kill();
    // A session outlives its killed server until it notices.
    const refusal = await waitFor(() =>
      database.query("SELECT 1").then(
        () => undefined,
        (error: unknown) => error,
      ),
    );
    expect(refusal).toMatchObject({ fault: { code: "DATABASE_UNREACHABLE" } });
    await postgres.restart();
    expect(postgres.pid()).not.toBe(before);
    const rows = await waitFor(() => database.query("SELECT id FROM items"));
    expect(rows).toEqual([{ id: 7 }]);
  });
});
