import { writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { Database } from "../src/database.ts";
import { migrate } from "../src/migrations.ts";
import { freshFolder, startServer } from "./embedded-server.ts";

describe("migrate", () => {
  let postgres: Awaited<ReturnType<typeof startServer>>;
  let folder: Awaited<ReturnType<typeof freshFolder>>;
  let url: string;
  const folders: (typeof folder)[] = [];
  const makeFolder = async () => {
    const made = await freshFolder();
    folders.push(made);
    return made;
  };

  beforeAll(async () => {
    postgres = await startServer();
  });
  afterAll(async () => {
    await postgres.stop();
    await Promise.all(folders.map((made) => made.remove()));
  });
  beforeEach(async () => {
    folder = await makeFolder();
    url = await postgres.freshDatabase();
    await write("0001_items.sql", "CREATE TABLE items (id int); CREATE INDEX ON items (id);");
  });

  const write = (file: string, text: string) => writeFile(path.join(folder.path, file), text);
  const run = () => migrate({ url, applicationName: "migrations", schema: "shop", directory: folder.path });
  const fault = (code: string, more = {}) => ({ fault: { code, ...more } });

  test("applies what is pending, once, and says what it did", async () => {
    expect(await run()).toMatchObject({ schema: "shop", applied: [{ name: "0001_items.sql" }], present: 0, ahead: [] });
    await write("0002_more.sql", "INSERT INTO items VALUES (1)");
    expect(await run()).toMatchObject({ applied: [{ name: "0002_more.sql" }], present: 1 });
    expect(await run()).toMatchObject({ applied: [], present: 2 });
    const database = new Database({ url, applicationName: "check", schema: "shop" });
    expect(await database.query("SELECT id FROM items")).toEqual([{ id: 1 }]);
    await database.close();
  });

  test("a failing file changes nothing, not even half of itself", async () => {
    await write("0002_broken.sql", "CREATE TABLE half (id int); SELECT nonsense;");
    await expect(run()).rejects.toMatchObject(fault("QUERY_REFUSED", { sqlState: "42703" }));
    await write("0002_broken.sql", "CREATE TABLE half (id int);");
    expect(await run()).toMatchObject({ applied: [{ name: "0002_broken.sql" }], present: 1 });
  });

  test("several processes at once apply each file once", async () => {
    await write("0002_more.sql", "INSERT INTO items VALUES (1); SELECT pg_sleep(0.05);");
    const reports = await Promise.all([run(), run(), run()]);
    expect(reports.map(({ applied }) => applied.length).sort()).toEqual([0, 0, 2]);
  });

  test("refuses a changed, renamed or skipped file", async () => {
    await run();
    await write("0001_items.sql", "CREATE TABLE other (id int)");
    await expect(run()).rejects.toMatchObject(fault("MIGRATION_CHANGED", { schema: "shop", file: "0001_items.sql" }));
  });

  test("refuses names and numbers that would hide a file", async () => {
    await write("0003_gap.sql", "");
    await expect(run()).rejects.toMatchObject(fault("MIGRATION_NUMBER_INVALID", { file: "0003_gap.sql", expected: 2 }));
    await write("0002_Bad.sql", "");
    await expect(run()).rejects.toMatchObject(fault("MIGRATION_NAME_INVALID", { file: "0002_Bad.sql" }));
  });

  test("an older release runs on a newer schema and says so", async () => {
    const older = folder;
    await run();
    folder = await makeFolder();
    await write("0001_items.sql", "CREATE TABLE items (id int); CREATE INDEX ON items (id);");
    await write("0002_newer.sql", "SELECT 1");
    await run();
    folder = older;
    expect(await run()).toMatchObject({ applied: [], present: 2, ahead: ["0002_newer.sql"] });
  });
});
