import { createHash } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { Database } from "@koinon/postgres/database";
import { systemRandom } from "@koinon/runtime/random";
import { bytesToHex } from "@koinon/secp256k1/hex";
import { FakeClock } from "@koinon/testkit/fake-clock";
import { startTestPostgres, type TestPostgres } from "@koinon/testkit/postgres";
import { waitFor } from "@koinon/testkit/wait-for";
import { generateApiKey } from "../../src/keys/api-key.ts";
import { KeyIssuer } from "../../src/keys/key-issuer.ts";
import { Seed } from "../../src/keys/seed.ts";
import { PostgresKeyStore } from "../../src/store/postgres.ts";
import { type RunningGateway, startGateway } from "../fixture/start-gateway.ts";
import { TestFault } from "../fixture/test-fault.ts";

interface KeyAnswer {
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly created_at: number;
  readonly revoked_at: number | null;
  readonly budget: { readonly limit: string; readonly available: string } | null;
}

let postgres: TestPostgres;
let running: RunningGateway;

beforeAll(async () => {
  postgres = await startTestPostgres();
  running = await startGateway(postgres, { env: { GATEWAY_KEY_TTL_MS: "300" } });
});
afterAll(async () => {
  await running.stop();
  await postgres.stop();
});
afterEach(() => {
  running.market.accountFault = undefined;
});

const create = async (body: object, headers: Record<string, string> = {}) => {
  const response = await running.call("POST", "/v1/keys", { body, headers });
  return { response, key: (await response.json()) as KeyAnswer };
};
const chat = (key: string, on = running) =>
  on.call("POST", "/v1/chat/completions", { key, body: { model: "m", messages: [] } });
const code = async (response: Response) => ((await response.json()) as { error: { code: string } }).error.code;

describe("creating keys", () => {
  test("opens a budget, answers the key once, and stores nothing that could be used", async () => {
    const { response, key } = await create({
      name: " app ",
      budget: "1234",
      requests_per_minute: 5,
      expires_at: 4_000_000_000_000,
    });
    expect(response.status).toBe(201);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(key).toMatchObject({
      name: "app",
      prefix: `sk-koinon-${key.id}`,
      scopes: ["inference", "receipts"],
      state: "active",
      expires_at: 4_000_000_000_000,
      revoked_at: null,
      requests_per_minute: 5,
      budget: { limit: "1234", spent: "0", reserved: "0", available: "1234" },
    });
    expect((await chat(key.key)).status).toBe(200);
    expect(await (await running.call("GET", "/v1/budget", { key: key.key })).json()).toEqual(key.budget);
    const { key: text, ...view } = key;
    expect(await (await running.call("GET", "/v1/key", { key: text })).json()).toEqual({
      ...view,
      budget: { limit: "1234", spent: expect.any(String), reserved: expect.any(String), available: expect.any(String) },
    });
    const rows = await dump(running.databaseUrl);
    expect(rows).not.toContain(key.key.slice(-43));
    expect(rows).toContain(createHash("sha256").update(key.key).digest("hex"));
  });

  test("a consumer address of one's own is taken, else the seed's is", async () => {
    const own = "0x00000000000000000000000000000000000000ff";
    const { key: mine } = await create({ name: "mine", budget: "0", consumer: own });
    const { key: kept } = await create({ name: "kept", budget: "0" });
    const consumer = (id: string) => bytesToHex(running.market.accounts.get(`key_${id}`)?.consumer ?? new Uint8Array());
    expect(consumer(mine.id)).toBe(own);
    expect(consumer(kept.id)).toBe(new Seed(Buffer.from("ab".repeat(32), "hex")).consumerAddress(kept.id));
  });

  test("what is not understood is refused by its name", async () => {
    const valid = { name: "x", budget: "1" };
    const cases: [object, string][] = [
      [{ budget: "1" }, "name"],
      [{ ...valid, name: "  " }, "name"],
      [{ ...valid, name: "x".repeat(101) }, "name"],
      [{ ...valid, budget: 5 }, "budget"],
      [{ ...valid, budget: "-1" }, "budget"],
      [{ ...valid, budget: "01" }, "budget"],
      [{ ...valid, scopes: [] }, "scopes"],
      [{ ...valid, scopes: ["root"] }, "scopes.0"],
      [{ ...valid, expires_at: 1 }, "expires_at"],
      [{ ...valid, requests_per_minute: 0 }, "requests_per_minute"],
      [{ ...valid, consumer: "0xFF" }, "consumer"],
      [{ ...valid, surprise: 1 }, "surprise"],
    ];
    for (const [body, param] of cases) {
      const response = await running.call("POST", "/v1/keys", { body });
      expect([body, response.status, (await response.json()) as object]).toMatchObject([
        body,
        400,
        { error: { code: "INVALID_REQUEST", param } },
      ]);
    }
    expect((await running.call("POST", "/v1/keys", { body: "{" })).status).toBe(400);
    expect(
      (await running.call("POST", "/v1/keys", { body: "a=b", headers: { "content-type": "text/csv" } })).status,
    ).toBe(415);
  });

  test("a repeated creation answers the same key, a different one under its name a conflict", async () => {
    const headers = { "idempotency-key": "order-1" };
    const first = await create({ name: "once", budget: "10" }, headers);
    const again = await create({ name: "once", budget: "10" }, headers);
    expect(again.key).toEqual(first.key);
    const different = await running.call("POST", "/v1/keys", { body: { name: "once", budget: "11" }, headers });
    expect([different.status, await code(different)]).toEqual([409, "REQUEST_ID_REUSED"]);
    const { keys } = await allKeys();
    expect(keys.filter(({ name }) => name === "once")).toHaveLength(1);
  });

  test("many repetitions at once make one key and one budget", async () => {
    const headers = { "idempotency-key": "order-2" };
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => create({ name: "race", budget: "10" }, headers)),
    );
    expect(new Set(answers.map(({ key }) => key.key)).size).toBe(1);
    expect(
      [...running.market.opened.values()].filter((account) => account === `key_${answers[0]?.key.id}`),
    ).toHaveLength(1);
  });

  test("a page of keys asks the market once for all their budgets", async () => {
    for (let n = 0; n < 3; n += 1) await create({ name: `listed ${n}`, budget: String(10 + n) });
    running.market.accountBatches.length = 0;
    const { data } = (await (await running.call("GET", "/v1/keys?page_size=3")).json()) as {
      data: { name: string; budget: { limit: string } | null }[];
    };
    expect(data.map(({ name, budget }) => [name, budget?.limit])).toEqual([
      ["listed 2", "12"],
      ["listed 1", "11"],
      ["listed 0", "10"],
    ]);
    expect(running.market.accountBatches).toEqual([3]);
  });

  test("needs the scope admin", async () => {
    const { key } = await create({ name: "plain", budget: "0" });
    const refused = await running.call("POST", "/v1/keys", { key: key.key, body: { name: "x", budget: "1" } });
    expect([refused.status, await code(refused)]).toEqual([403, "MISSING_SCOPE"]);
  });
});

describe("a revoked key", () => {
  test("gives back what is left of its budget, once per request; a key in use does not", async () => {
    const { key } = await create({ name: "leaving", budget: "500" });
    const withdraw = (requestId: string) =>
      running.call("POST", `/v1/keys/${key.id}/withdraw`, { body: { request_id: requestId } });
    const early = await withdraw("w");
    expect([early.status, await code(early)]).toEqual([409, "KEY_NOT_REVOKED"]);
    await running.call("DELETE", `/v1/keys/${key.id}`);
    for (const attempt of ["first", "again"]) {
      const response = await withdraw("w");
      expect([attempt, response.status, await response.json()]).toEqual([
        attempt,
        200,
        { withdrawn: "500", budget: { limit: "0", spent: "0", reserved: "0", available: "0" } },
      ]);
    }
    expect(await (await withdraw("w2")).json()).toMatchObject({ withdrawn: "0" });
    const unknown = await running.call("POST", `/v1/keys/${"0".repeat(16)}/withdraw`, { body: { request_id: "w" } });
    expect([unknown.status, await code(unknown)]).toEqual([404, "KEY_UNKNOWN"]);
  });
});

describe("creation while the market is down", () => {
  test("with a name: the key waits, and a repetition finishes it", async () => {
    running.market.accountFault = new TestFault("MARKET_DOWN");
    const headers = { "idempotency-key": "order-3" };
    const failed = await running.call("POST", "/v1/keys", { body: { name: "late", budget: "10" }, headers });
    expect([failed.status, await code(failed)]).toEqual([503, "MARKET_DOWN"]);
    expect((await allKeys()).keys.find(({ name }) => name === "late")).toMatchObject({
      state: "opening",
      budget: null,
      revoked_at: null,
    });
    running.market.accountFault = undefined;
    const { response, key } = await create({ name: "late", budget: "10" }, headers);
    expect(response.status).toBe(201);
    expect((await chat(key.key)).status).toBe(200);
  });

  test("without a name: nobody has the key, so it is revoked", async () => {
    running.market.accountFault = new TestFault("MARKET_DOWN");
    expect((await running.call("POST", "/v1/keys", { body: { name: "orphan", budget: "10" } })).status).toBe(503);
    running.market.accountFault = undefined;
    expect((await allKeys()).keys.find(({ name }) => name === "orphan")?.revoked_at).toEqual(expect.any(Number));
  });

  test("a refusal that will stay one revokes the key", async () => {
    running.market.accountFault = new TestFault("ACCOUNT_REFUSED");
    const refused = await running.call("POST", "/v1/keys", {
      body: { name: "refused", budget: "10" },
      headers: { "idempotency-key": "order-4" },
    });
    expect(refused.status).toBe(400);
    running.market.accountFault = undefined;
    expect((await allKeys()).keys.find(({ name }) => name === "refused")?.revoked_at).toEqual(expect.any(Number));
  });

  test("keys can be listed and revoked, without their budgets", async () => {
    const { key } = await create({ name: "blind", budget: "10" });
    running.market.accountFault = new TestFault("MARKET_DOWN");
    expect((await allKeys()).keys.find(({ id }) => id === key.id)?.budget).toBeNull();
    const revoked = (await (await running.call("DELETE", `/v1/keys/${key.id}`)).json()) as KeyAnswer;
    expect(revoked).toMatchObject({ id: key.id, revoked_at: expect.any(Number), budget: null });
  });
});

describe("a crash between the steps of a creation", () => {
  // The record as it stands when the process dies right after the first step.
  async function crashedCreation(creation: string | null, ageMs: number): Promise<string> {
    const pool = new Database({ url: running.databaseUrl, applicationName: "test", schema: "gateway" });
    const store = new PostgresKeyStore({ database: pool });
    const dying = new KeyIssuer({
      store,
      budgets: { open: () => new Promise(() => undefined) },
      seed: new Seed(Buffer.from("ab".repeat(32), "hex")),
      clock: { now: () => Date.now() - ageMs },
      random: systemRandom,
      changed: () => undefined,
      unfinished: () => undefined,
    });
    void dying.issue(
      { name: `crashed ${creation}`, budget: "77", scopes: ["inference"] },
      { creator: running.adminId, creation },
    );
    const left = await waitFor(async () =>
      (await store.listOpening(10, Date.now())).find(({ name }) => name === `crashed ${creation}`),
    );
    await pool.close();
    return left.id;
  }
  const resumed = () => startGateway(postgres, { databaseUrl: running.databaseUrl, market: running.market });

  test("is finished by whichever replica comes next, and the repetition gets the key", async () => {
    const id = await crashedCreation("order-5", 6_000);
    const replica = await resumed();
    await waitFor(() => running.market.accounts.get(`key_${id}`)?.limit === "77");
    const { key } = await create(
      { name: "crashed order-5", budget: "77", scopes: ["inference"] },
      { "idempotency-key": "order-5" },
    );
    expect(key.id).toBe(id);
    await waitFor(async () => (await chat(key.key)).status === 200);
    await replica.stop();
  });

  test("is undone when nobody can have the key", async () => {
    const id = await crashedCreation(null, 61_000);
    const replica = await resumed();
    await waitFor(async () => (await allKeys()).keys.find((key) => key.id === id)?.revoked_at);
    expect(running.market.accounts.has(`key_${id}`)).toBe(false);
    await replica.stop();
  });
});

describe("keys in use", () => {
  test("a revoked key is refused here at once, and by every other replica within the stated time", async () => {
    const clock = new FakeClock();
    const other = await startGateway(postgres, {
      ...{ databaseUrl: running.databaseUrl, market: running.market, clock },
      env: { GATEWAY_KEY_TTL_MS: "300" },
    });
    const { key } = await create({ name: "doomed", budget: "10" });
    expect((await chat(key.key, other)).status).toBe(200);
    await running.call("DELETE", `/v1/keys/${key.id}`);
    const here = await chat(key.key);
    expect([here.status, await code(here)]).toEqual([401, "KEY_REVOKED"]);
    clock.advance(300);
    expect((await chat(key.key, other)).status).toBe(401);
    await other.stop();
  });

  test("expire to the millisecond that was said", async () => {
    const clock = new FakeClock(Date.now());
    const other = await startGateway(postgres, {
      ...{ databaseUrl: running.databaseUrl, market: running.market, clock },
    });
    const expiresAt = clock.now() + 3_600_000;
    const { key } = await create({ name: "short", budget: "10", expires_at: expiresAt });
    clock.set(expiresAt - 1);
    expect((await chat(key.key, other)).status).toBe(200);
    clock.set(expiresAt);
    const refused = await chat(key.key, other);
    expect([refused.status, await code(refused)]).toEqual([401, "KEY_EXPIRED"]);
    await other.stop();
  });

  test("a key that is missing, malformed, unknown or wrong is refused alike", async () => {
    const unknown = generateApiKey(systemRandom).text;
    const { key } = await create({ name: "right", budget: "10" });
    const wrong = `${key.key.slice(0, -2)}${key.key.endsWith("AA") ? "BB" : "AA"}`;
    for (const presented of [null, "nonsense", unknown, wrong]) {
      const response = await running.call("GET", "/v1/budget", { key: presented });
      expect([presented, response.status, response.headers.get("www-authenticate")]).toEqual([
        presented,
        401,
        "Bearer",
      ]);
      expect(await code(response)).toBe("INVALID_API_KEY");
    }
  });

  test("scopes hold for every route", async () => {
    const withScopes = async (...scopes: string[]) =>
      (await create({ name: scopes.join(), budget: "10", scopes })).key.key;
    const [inference, receipts] = [await withScopes("inference"), await withScopes("receipts")];
    expect((await chat(inference)).status).toBe(200);
    expect((await chat(receipts)).status).toBe(403);
    expect((await running.call("GET", "/v1/receipts", { key: receipts })).status).toBe(200);
    expect((await running.call("GET", "/v1/receipts", { key: inference })).status).toBe(403);
    for (const route of ["/v1/models", "/v1/providers", "/v1/budget", "/v1/key", "/v1/contributions"]) {
      for (const key of [inference, receipts])
        expect([route, (await running.call("GET", route, { key })).status]).toEqual([route, 200]);
    }
  });

  test("are listed newest first, page by page, and a token of another list is refused", async () => {
    const { keys, pages } = await allKeys(3);
    expect(pages).toBeGreaterThan(2);
    expect(new Set(keys.map(({ id }) => id)).size).toBe(keys.length);
    expect(keys).toEqual(keys.toSorted((a, b) => b.created_at - a.created_at));
    expect(keys.map(({ id }) => id)).toContain(running.adminId);
    expect(JSON.stringify(keys)).not.toContain('"key":');
    const forged = await running.call("GET", "/v1/keys?page_token=AAAA");
    expect([forged.status, await code(forged)]).toEqual([400, "INVALID_REQUEST"]);
  });

  test("deposits count once per request id", async () => {
    const { key } = await create({ name: "topped up", budget: "10" });
    const deposit = (amount: string, request_id: string) =>
      running.call("POST", `/v1/keys/${key.id}/deposit`, { body: { amount, request_id } });
    expect(await (await deposit("5", "d1")).json()).toMatchObject({ limit: "15", available: "15" });
    expect(await (await deposit("5", "d1")).json()).toMatchObject({ limit: "15" });
    expect(await (await deposit("5", "d2")).json()).toMatchObject({ limit: "20" });
    expect((await deposit("0", "d3")).status).toBe(400);
    expect(
      (await running.call("POST", "/v1/keys/ffffffffffffffff/deposit", { body: { amount: "1", request_id: "x" } }))
        .status,
    ).toBe(404);
    expect((await running.call("DELETE", "/v1/keys/ffffffffffffffff")).status).toBe(404);
  });
});

describe("the administrator's key", () => {
  test("is the same at every start, and the next one when it was revoked", async () => {
    const first = await startGateway(postgres);
    expect((await first.gateway.bootstrapAdministrator()).key).toBe(first.adminKey);
    await first.stop();
    const second = await startGateway(postgres, { databaseUrl: first.databaseUrl, market: first.market });
    expect(second.adminKey).toBe(first.adminKey);
    expect(await (await second.call("GET", "/v1/budget")).json()).toMatchObject({ limit: "1000000000" });
    await second.call("DELETE", `/v1/keys/${second.adminId}`);
    const next = await second.gateway.bootstrapAdministrator();
    expect(next.key).not.toBe(first.adminKey);
    expect((await second.call("GET", "/v1/keys", { key: next.key })).status).toBe(200);
    await second.stop();
  });

  test("can be given, and is then ready after the start although the market came up later", async () => {
    const { text } = generateApiKey(systemRandom);
    const market = running.market;
    market.accountFault = new TestFault("MARKET_DOWN");
    const starting = startGateway(postgres, {
      market,
      env: { GATEWAY_ADMINISTRATOR_KEY: text, GATEWAY_ADMINISTRATOR_BUDGET: "42" },
    });
    await expect(starting).rejects.toMatchObject({ code: "MARKET_DOWN" });
    market.accountFault = undefined;
    const given = await startGateway(postgres, {
      market,
      env: { GATEWAY_ADMINISTRATOR_KEY: text, GATEWAY_ADMINISTRATOR_BUDGET: "42" },
    });
    expect(given.adminKey).toBe(text);
    expect(await (await given.call("GET", "/v1/budget", { key: text })).json()).toMatchObject({ limit: "42" });
    await given.stop();
  });
});

async function allKeys(pageSize = 100): Promise<{ keys: KeyAnswer[]; pages: number }> {
  const keys: KeyAnswer[] = [];
  let token = "";
  for (let pages = 1; ; pages++) {
    const response = await running.call("GET", `/v1/keys?page_size=${pageSize}&page_token=${token}`);
    const page = (await response.json()) as { data: KeyAnswer[]; next_page_token: string };
    keys.push(...page.data);
    token = page.next_page_token;
    if (token === "") return { keys, pages };
  }
}

/** Everything that the database holds of keys, bytes in hex. */
async function dump(url: string): Promise<string> {
  const database = new Database({ url, applicationName: "test", schema: "gateway" });
  const rows = await database.query<{ row: string }>("SELECT k::text AS row FROM api_keys k");
  await database.close();
  return rows.map(({ row }) => row).join("\n");
}
