import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { koinon, type Ran } from "./run-bin.ts";
import { adminKey, type SampleNetwork, startSampleNetwork } from "./sample-network.ts";

const vector = (name: string): string => fileURLToPath(new URL(`../../receipts/test/vectors/${name}`, import.meta.url));
const bundle = readFileSync(vector("bundle.json"));

let network: SampleNetwork;
beforeEach(async () => {
  network = await startSampleNetwork();
});
afterEach(() => network.close());

const run = (name: string, ...args: string[]): Promise<Ran> => koinon([name, "--data", network.folder, ...args]);

const id = `req_${"5a".repeat(16)}`;
const receipt = {
  request_id: id,
  receipt_id: `0x${"9a".repeat(32)}`,
  state: "settled",
  void_reason: null,
  model: "smollm2",
  manifest: `0x${"01".repeat(32)}`,
  endpoint: "/v1/chat/completions",
  provider: `0x${"02".repeat(20)}`,
  provider_name: "Atlas",
  price_id: `0x${"03".repeat(32)}`,
  reserved: "1500",
  fee: "84",
  input_units: 31,
  output_units: 128,
  outcome: "complete",
  relayed: true,
  reserved_at: 1_700_000_000_000,
  settled_at: 1_700_000_001_600,
  started_at: 1_700_000_000_000,
  finished_at: 1_700_000_001_500,
  log_index: 6,
  attempts: [
    { provider_name: "Boreas", outcome: "UNREACHABLE", duration_ms: 120 },
    { provider_name: "Atlas", outcome: "SERVED", duration_ms: 1500 },
  ],
};

describe("koinon trace", () => {
  test("tells who was asked, who answered, what it cost, where it is logged and whether the proof holds", async () => {
    network.routes.set(`GET /v1/receipts/${id}`, [200, receipt]);
    network.routes.set(`GET /v1/receipts/${id}/bundle`, [200, bundle]);
    const { code, out } = await run("trace", id, "--trust", vector("trust.json"));
    expect(code).toBe(0);
    expect(out.trimEnd().split("\n")).toEqual([
      `Request ${id} asked for smollm2 at /v1/chat/completions, on 2023-11-14 22:13:20.000 UTC.`,
      "1,500 micro-credits, the most that it could cost, were set aside before any of the answer came back.",
      "It was sent to Boreas, which could not be reached after 120 ms.",
      "Then it was sent to Atlas, which answered; with its receipt checked by the market that took 1.5 s.",
      `Atlas (${receipt.provider}) answered in full within 1.5 s, as its receipt says, for 31 units of input and 128 units of output.`,
      "The market compared the signed receipt with the bytes that it had relayed.",
      `That cost 84 micro-credits under the signed price ${receipt.price_id} (150,000 per million units of input, 600,000 of output, 2 per request); 1,416 were given back.`,
      `Its receipt ${receipt.receipt_id} is in the log at index 6 (counted from 0).`,
      expect.stringMatching(/^Its proof bundle is VALID: receipt 0x/),
    ]);
    const json = JSON.parse((await run("trace", id, "--trust", vector("trust.json"), "--json")).out) as object;
    expect(json).toMatchObject({ receipt, verification: { valid: true } });
    expect(network.seen.every(({ authorization }) => authorization === `Bearer ${adminKey}`)).toBe(true);
  });

  test("a proof that does not hold: 1, with what fails", async () => {
    network.routes.set(`GET /v1/receipts/${id}`, [200, receipt]);
    network.routes.set(`GET /v1/receipts/${id}/bundle`, [200, bundle]);
    const { code, out } = await run("trace", id);
    expect(code).toBe(1);
    expect(out).toContain("Its proof bundle is INVALID: provider-root, log-identity.");
    expect(out).toMatch(/\n {2}provider-root: The provider 0x[0-9a-f]{40} is not in the trust file\.\n/);
  });

  test("a bundle that is not there yet, or no trust file: the story is told without", async () => {
    network.routes.set(`GET /v1/receipts/${id}`, [
      200,
      { ...receipt, log_index: null, relayed: false, outcome: "cancelled" },
    ]);
    network.routes.set(`GET /v1/receipts/${id}/bundle`, [
      501,
      { error: { code: "MODULE_DISABLED", message: "The module 'poi' is switched off." } },
    ]);
    const { code, out } = await run("trace", id);
    expect(code).toBe(0);
    expect(out).toContain("answered until the client left");
    expect(out).toContain("settled by the provider's signed receipt alone");
    expect(out).toContain(`${receipt.receipt_id} is not in the log yet.`);
    expect(out).toContain("Its proof was not checked: The module 'poi' is switched off.\n");
    const without = await run("trace", id, "--trust", path.join(network.folder, "none.json"));
    expect([without.code, without.out]).toEqual([0, expect.stringContaining("can not read the trust file")]);
  });

  test("a receipt that came after the client had left is no attempt", async () => {
    const left = { provider_name: "Atlas", outcome: "CANCELLED", duration_ms: 20 };
    const later = { provider_name: "Atlas", outcome: "HANDED_IN", duration_ms: 1500 };
    network.routes.set(`GET /v1/receipts/${id}/bundle`, [200, bundle]);
    network.routes.set(`GET /v1/receipts/${id}`, [200, { ...receipt, outcome: "cancelled", attempts: [left, later] }]);
    const { out } = await run("trace", id);
    expect(out.split("\n").slice(2, 5)).toEqual([
      "It was sent to Atlas, and the client left after 20 ms.",
      "Atlas handed in its signed receipt afterwards.",
      expect.stringContaining("answered until the client left within 1.5 s, as its receipt says"),
    ]);
  });

  test("requests that were not charged", async () => {
    const empty = { receipt_id: null, fee: null, outcome: null, finished_at: null, log_index: null };
    network.routes.set(`GET /v1/receipts/${id}`, [
      200,
      { ...receipt, ...empty, state: "voided", void_reason: "PROVIDER_BROKE_OFF" },
    ]);
    const voided = await run("trace", id);
    expect(voided.out).toContain("It was not charged (PROVIDER_BROKE_OFF); everything set aside was given back.");
    network.routes.set(`GET /v1/receipts/${id}`, [200, { ...receipt, ...empty, state: "reserved" }]);
    expect((await run("trace", id)).out).toContain("It is still being answered");
    expect(network.seen.some(({ path: route }) => route.endsWith("/bundle"))).toBe(false);
  });

  test("an unknown id: 1; text that is no id: 2", async () => {
    network.routes.set(`GET /v1/receipts/${id}`, [
      404,
      { error: { code: "UNKNOWN_RECEIPT", message: "There is no such request." } },
    ]);
    expect(await run("trace", id)).toMatchObject({
      code: 1,
      out: "",
      err: expect.stringContaining("There is no such request. (UNKNOWN_RECEIPT, HTTP 404)"),
    });
    expect((await run("trace", "req_1")).code).toBe(2);
    expect((await run("trace")).code).toBe(2);
  });
});

describe("koinon key", () => {
  const view = {
    id: "0123456789abcdef",
    name: "ci",
    prefix: "sk-koinon-0123",
    scopes: ["inference", "receipts"],
    created_at: 1_700_000_000_000,
    expires_at: null,
    revoked_at: null,
    requests_per_minute: null,
    budget: { limit: "5000", spent: "0", reserved: "0", available: "5000" },
  };

  test("create prints id and key", async () => {
    network.routes.set("POST /v1/keys", ({ body }) => [
      201,
      { ...view, ...(JSON.parse(body) as object), budget: view.budget, key: "sk-koinon-secret" },
    ]);
    const { code, out } = await run("key", "create", "--budget", "5000", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ id: view.id, key: "sk-koinon-secret" });
    expect(network.seen.at(-1)).toMatchObject({
      authorization: `Bearer ${adminKey}`,
      body: '{"name":"koinon key","budget":"5000"}',
    });
    const words = await run("key", "create", "--budget", "5000", "--name", "ci", "--scopes", "inference, admin");
    expect(words.out).toBe(`id   ${view.id}\nkey  sk-koinon-secret\n`);
    expect(JSON.parse(network.seen.at(-1)?.body ?? "")).toEqual({
      name: "ci",
      budget: "5000",
      scopes: ["inference", "admin"],
    });
  });

  test("list, revoke, deposit", async () => {
    network.routes.set("GET /v1/keys", ({ path: route }) =>
      route.includes("page_token")
        ? [200, { data: [{ ...view, id: "fedcba9876543210", revoked_at: 5, budget: null }], next_page_token: "" }]
        : [200, { data: [view], next_page_token: "next" }],
    );
    const { out } = await run("key", "list");
    expect(out).toMatch(/0123456789abcdef +ci +inference,receipts +2023-11-14 .* UTC +active +5,000 +5,000\n/);
    expect(out).toMatch(/fedcba9876543210 .* revoked +\? +\?\n/);
    network.routes.set(`DELETE /v1/keys/${view.id}`, [200, { ...view, revoked_at: 9 }]);
    expect((await run("key", "revoke", view.id)).out).toBe(`${view.id} (ci) is revoked\n`);
    network.routes.set(`POST /v1/keys/${view.id}/deposit`, [200, { ...view.budget, available: "6000", limit: "6000" }]);
    expect((await run("key", "deposit", view.id, "--amount", "1000")).out).toBe(
      "available 6000 of 6000 micro-credits\n",
    );
    expect(JSON.parse(network.seen.at(-1)?.body ?? "")).toMatchObject({
      amount: "1000",
      request_id: expect.stringMatching(/^0x[0-9a-f]{32}$/),
    });
  });

  test("withdraw", async () => {
    const route = `POST /v1/keys/${view.id}/withdraw`;
    const budget = { limit: "1200", spent: "1000", reserved: "200", available: "0" };
    network.routes.set(route, [200, { withdrawn: "3800", budget }]);
    expect((await run("key", "withdraw", view.id)).out).toBe(
      "3800 micro-credits went back; 200 are reserved by requests under way\n",
    );
    expect(JSON.parse(network.seen.at(-1)?.body ?? "")).toEqual({
      request_id: expect.stringMatching(/^0x[0-9a-f]{32}$/),
    });
    expect(JSON.parse((await run("key", "withdraw", view.id, "--json")).out)).toEqual({ withdrawn: "3800", budget });
    network.routes.set(route, [409, { error: { code: "KEY_NOT_REVOKED", message: "The API key is in use." } }]);
    expect(await run("key", "withdraw", view.id)).toMatchObject({
      ...{ code: 1, out: "", err: expect.stringContaining("KEY_NOT_REVOKED") },
    });
  });

  test("arguments that make no sense are refused before anything is asked", async () => {
    const wrong: readonly [string[], string][] = [
      [[], "one of create, list, revoke, deposit, withdraw is needed"],
      [["rename"], "one of create"],
      [["create"], "--budget is needed"],
      [["create", "--budget", "-5"], "--budget"],
      [["create", "--budget", "1.5"], "not a whole number of micro-credits"],
      [["create", "--budget", "05"], "not a whole number of micro-credits"],
      [["create", "--budget", "5", "--scopes", "root"], "there is no scope 'root'"],
      [["create", "x", "--budget", "5"], "create takes no id"],
      [["revoke"], "the id of a key is needed"],
      [["revoke", "../keys"], "the id of a key is needed"],
      [["deposit", view.id], "--amount is needed"],
      [["withdraw"], "the id of a key is needed"],
    ];
    for (const [args, problem] of wrong) {
      const { code, out, err } = await run("key", ...args);
      expect([args, code, out]).toEqual([args, 2, ""]);
      expect(err).toContain(problem);
    }
    expect(network.seen).toEqual([]);
  });

  test("a refusal: 1; no network: 2 and what to do", async () => {
    network.routes.set("POST /v1/keys", [
      403,
      { error: { code: "MISSING_SCOPE", message: "This API key lacks the scope 'admin'." } },
    ]);
    const refused = await run("key", "create", "--budget", "5", "--key", "sk-koinon-other");
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining("MISSING_SCOPE") });
    expect(network.seen.at(-1)?.authorization).toBe("Bearer sk-koinon-other");
    const absent = await koinon(["key", "list", "--data", path.join(network.folder, "none")]);
    expect(absent).toMatchObject({ code: 2, err: expect.stringContaining("koinon start") });
    for (const content of ["", "[]", '{"url":"nowhere","adminKey":"k"}', '{"url":"http://127.0.0.1:1"}']) {
      writeFileSync(path.join(network.folder, "network.json"), content);
      expect((await run("key", "list")).code).toBe(2);
    }
  });
});

describe("koinon budget and receipts", () => {
  test("budget of the key given, by option or environment", async () => {
    network.routes.set("GET /v1/budget", [200, { limit: "1000000", spent: "84", reserved: "0", available: "999916" }]);
    const { code, out } = await koinon(["budget", "--url", network.url], { KOINON_API_KEY: "sk-koinon-env" });
    expect(code).toBe(0);
    expect(out).toMatch(/1,000,000 +84 +0 +999,916/);
    expect(network.seen.at(-1)?.authorization).toBe("Bearer sk-koinon-env");
    const json = await koinon(["budget", "--json"], { KOINON_URL: network.url, KOINON_API_KEY: "k" });
    expect(JSON.parse(json.out)).toEqual({ limit: "1000000", spent: "84", reserved: "0", available: "999916" });
  });

  test("receipts, as many as wanted over pages; the administrator sees all keys'", async () => {
    network.routes.set("GET /v1/receipts", ({ path: route }) => {
      const page = Number(new URL(route, network.url).searchParams.get("page_token") ?? 0);
      return [
        200,
        {
          data: [receipt, { ...receipt, state: "voided", fee: null, log_index: null }],
          next_page_token: String(page + 1),
        },
      ];
    });
    const { code, out } = await run("receipts", "--limit", "3");
    expect(code).toBe(0);
    expect(out.trimEnd().split("\n")).toHaveLength(2 + 3);
    expect(out).toMatch(/complete +84 +6\n/);
    expect(network.seen.map(({ path: route }) => route)).toEqual([
      "/v1/receipts?page_size=3&all=true",
      "/v1/receipts?page_size=3&page_token=1&all=true",
    ]);
    await run("receipts", "--key", "sk-koinon-own", "--limit", "1");
    expect(network.seen.at(-1)?.path).toBe("/v1/receipts?page_size=1");
    expect((await run("receipts", "--limit", "0")).code).toBe(2);
  });
});
