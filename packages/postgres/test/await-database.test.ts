import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { awaitDatabase } from "../src/await-database.ts";
import { Database } from "../src/database.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../src/embedded/embedded-postgres.ts";
import { freshFolder, random } from "./embedded-server.ts";

const nowhere = "postgresql://x:y@127.0.0.1:1/x";

describe("waiting for a database", () => {
  let folder: Awaited<ReturnType<typeof freshFolder>>;
  let server: EmbeddedPostgres;
  const start = () => startEmbeddedPostgres({ directory: folder.path, durability: "none" }, { random });
  beforeEach(async () => {
    folder = await freshFolder();
    server = await start();
  });
  afterEach(async () => {
    await server.stop();
    await folder.remove();
  });

  test("goes on when a server that was away answers, and tells each reason once", async () => {
    const database = new Database({ url: server.url("postgres"), applicationName: "early" });
    await server.stop();
    const reasons: string[] = [];
    const told = Promise.withResolvers<void>();
    const waiting = awaitDatabase(database, {
      waitMs: 30_000,
      waiting: ({ message }) => {
        reasons.push(message);
        told.resolve();
      },
    });
    await told.promise;
    expect(reasons[0]).toContain("DATABASE_UNREACHABLE");
    server = await start();
    await waiting;
    expect(await database.query("SELECT 1 AS one")).toEqual([{ one: 1 }]);
    expect(reasons.filter((reason, at) => reason === reasons[at - 1])).toEqual([]);
    await database.close();
  });

  test("ends with the last reason when it has waited for so long", async () => {
    const database = new Database({ url: nowhere, applicationName: "late" });
    await expect(awaitDatabase(database, { waitMs: 300 })).rejects.toMatchObject({
      fault: {
        code: "DATABASE_UNREACHABLE",
        reason: expect.stringMatching(/ECONNREFUSED.*127\.0\.0\.1:1 \(waited for 300 ms\)/),
      },
    });
    await database.close();
  });

  test("a database that does not exist is not waited for", async () => {
    const options = { waitMs: 30_000, waiting: () => expect("waited").toBe("refused") };
    const missing = new Database({ url: server.url("missing"), applicationName: "x" });
    await expect(awaitDatabase(missing, options)).rejects.toMatchObject({ fault: { sqlState: "3D000" } });
    await missing.close();
  });

  test("an abort ends it with its reason", async () => {
    const database = new Database({ url: nowhere, applicationName: "aborted" });
    const abort = new AbortController();
    const reason = new Error("ended by SIGTERM");
    const waiting = awaitDatabase(database, {
      waitMs: 30_000,
      signal: abort.signal,
      waiting: () => abort.abort(reason),
    });
    await expect(waiting).rejects.toBe(reason);
    await database.close();
  });
});
