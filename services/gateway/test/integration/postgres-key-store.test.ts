import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { startTestPostgres, type TestPostgres } from "@koinon/testkit/postgres";
import { gatewayMigrations } from "../../src/migrations.ts";
import { PostgresKeyStore } from "../../src/store/postgres.ts";
import { describeKeyStore, keyRecord } from "../contracts/key-store-suite.ts";

describe("PostgreSQL", () => {
  let postgres: TestPostgres;
  const open = async () => (await postgres.database([gatewayMigrations])).open({ schema: "gateway" });
  beforeAll(async () => {
    postgres = await startTestPostgres();
  });
  afterAll(() => postgres.stop());

  describeKeyStore("keys in PostgreSQL", async () => new PostgresKeyStore({ database: await open() }));

  test("the table itself refuses what is no key", async () => {
    const store = new PostgresKeyStore({ database: await open() });
    for (const changes of [{ id: "XYZ" }, { hash: Buffer.alloc(31) }, { budget: -1n }, { requestsPerMinute: 0 }]) {
      await expect(store.insert(keyRecord(1, changes))).rejects.toMatchObject({ code: "CONSTRAINT_VIOLATION" });
    }
    expect(await store.list(10, undefined)).toEqual([]);
  });
});
