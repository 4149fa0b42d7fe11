import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { requestIdFromHeader } from "@koinon/receipts/request-id";
import { parseTrust, trustToJson } from "@koinon/receipts/trust";
import { verifyBundle } from "@koinon/receipts/verify";
import { hexToBytes } from "@koinon/secp256k1/hex";
import { FakeClock } from "@koinon/testkit/fake-clock";
import { startTestPostgres, type TestPostgres } from "@koinon/testkit/postgres";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { waitFor } from "@koinon/testkit/wait-for";
import { parseNote } from "@koinon/tlog/note";
import { FakeLog } from "../fixture/fake-log.ts";
import { FakeMarket } from "../fixture/fake-market.ts";
import { type RunningGateway, startGateway } from "../fixture/start-gateway.ts";

let postgres: TestPostgres;
let folder: { path: string; remove(): Promise<void> };
let running: RunningGateway;

const AT = 1_750_000_000_000;
const exchange = { request: Buffer.from('{"model":"test-model"}'), response: Buffer.from('{"id":"x"}') };
const requestId = (number: number) => `req_${number.toString(16).padStart(32, "0")}`;
const bytesOf = (id: string) => hexToBytes(requestIdFromHeader(id));

beforeAll(async () => {
  postgres = await startTestPostgres();
  folder = await temporaryFolder();
  const market = new FakeMarket();
  const log = new FakeLog();
  const trustFile = path.join(folder.path, "trust.json");
  await writeFile(trustFile, JSON.stringify(trustToJson(log.trust([market.provider]))));
  running = await startGateway(postgres, {
    market,
    log,
    env: {
      GATEWAY_TRUST_FILE: trustFile,
      GATEWAY_BUNDLE_WAIT_MS: "200",
      GATEWAY_CHAIN_RPC_URL: "http://127.0.0.1:8545",
    },
  });
});
afterAll(async () => {
  await running.stop();
  await folder.remove();
  await postgres.stop();
});

/** The members of answers that tests go on with. */
interface Answer {
  readonly id: string;
  readonly key: string;
  readonly data: readonly { readonly request_id: string }[];
  readonly next_page_token: string;
  readonly modules: unknown;
  readonly error: unknown;
}
const json = async (response: Response) => (await response.json()) as Answer;

describe("models and providers", () => {
  test("models carry every provider's price", async () => {
    const { provider } = running.market;
    const list = await json(await running.call("GET", "/v1/models"));
    const model = {
      id: "test-model",
      object: "model",
      created: 1_700_000_000,
      owned_by: "koinon",
      koinon: {
        kind: "chat",
        manifest: provider.manifestHash,
        context_tokens: 2048,
        license: "Apache-2.0",
        offers: [
          {
            provider: provider.root.address,
            provider_name: "alpha",
            region: "eu",
            state: "healthy",
            input_price: "1000000",
            output_price: "2000000",
            request_price: "5",
            price_id: provider.priceId,
            valid_until: 2 ** 50,
          },
        ],
      },
    };
    expect(list).toEqual({ object: "list", data: [model] });
    expect(await json(await running.call("GET", "/v1/models/test-model"))).toEqual(model);
    expect(await json(await running.call("GET", `/v1/models/${provider.manifestHash}`))).toEqual(model);
    const unknown = await running.call("GET", "/v1/models/some/other%20model");
    expect(unknown.status).toBe(404);
    expect(await json(unknown)).toMatchObject({
      error: { type: "model_not_found", code: "MODEL_UNKNOWN", param: "model" },
    });
  });

  test("a manifest is the very bytes that its hash names", async () => {
    const { manifestHash, wire } = running.market.provider;
    const response = await running.call("GET", `/v1/manifests/${manifestHash}`);
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(response.headers.get("content-type")).toMatch(/^application\/json/);
    expect(bytes).toEqual(wire.manifest);
    expect(`0x${createHash("sha256").update(bytes).digest("hex")}`).toBe(manifestHash);
    const unknown = await running.call("GET", `/v1/manifests/0x${"0".repeat(64)}`);
    expect([unknown.status, await json(unknown)]).toMatchObject([404, { error: { code: "MANIFEST_UNKNOWN" } }]);
    expect((await running.call("GET", "/v1/manifests/not-a-hash")).status).toBe(400);
  });

  test("providers come with health and offers", async () => {
    const { data } = await json(await running.call("GET", "/v1/providers"));
    expect(data).toMatchObject([
      { name: "alpha", state: "healthy", capacity: 4, served: 3, offers: [{ model: "test-model" }] },
    ]);
  });

  test("however many ask, the market is asked once", async () => {
    const market = new FakeMarket();
    const frozen = await startGateway(postgres, { market, clock: new FakeClock() });
    await Promise.all(Array.from({ length: 30 }, () => frozen.call("GET", "/v1/models")));
    // Two pages make one reading.
    expect(market.listCalls).toBe(2);
    await frozen.stop();
  });
});

describe("receipts", () => {
  test("tell the whole story of a paid request, to its owner alone", async () => {
    const { key, id: keyId } = await json(
      await running.call("POST", "/v1/keys", { body: { name: "owner", budget: "1000" } }),
    );
    const made = running.market.settle(`key_${keyId}`, bytesOf(requestId(1)), exchange, AT);
    const expected = {
      request_id: requestId(1),
      receipt_id: made.id,
      state: "settled",
      void_reason: null,
      model: "test-model",
      manifest: running.market.provider.manifestHash,
      endpoint: "/v1/chat/completions",
      provider: running.market.provider.root.address,
      provider_name: "alpha",
      price_id: running.market.provider.priceId,
      reserved: "100",
      fee: "34",
      input_units: 7,
      output_units: 11,
      outcome: "complete",
      relayed: true,
      reserved_at: AT,
      settled_at: AT + 25,
      started_at: AT,
      finished_at: AT + 20,
      log_index: null,
      attempts: [{ provider_name: "alpha", outcome: "served", duration_ms: 20 }],
    };
    for (const name of [requestId(1), made.id]) {
      expect(await json(await running.call("GET", `/v1/receipts/${name}`, { key }))).toEqual(expected);
      expect(await json(await running.call("GET", `/v1/receipts/${name}`))).toEqual(expected);
    }
    const { key: other } = await json(await running.call("POST", "/v1/keys", { body: { name: "other", budget: "0" } }));
    for (const suffix of ["", "/bundle"]) {
      const refused = await running.call("GET", `/v1/receipts/${made.id}${suffix}`, { key: other });
      expect([suffix, refused.status]).toEqual([suffix, 404]);
      expect(await json(refused)).toMatchObject({ error: { code: "RECEIPT_UNKNOWN" } });
    }
  });

  test("of requests that were not paid say so", async () => {
    running.market.reserve(`key_${running.adminId}`, bytesOf(requestId(2)), AT);
    running.market.reserve(`key_${running.adminId}`, bytesOf(requestId(3)), AT, "PROVIDER_BROKE_OFF");
    const nothing = {
      receipt_id: null,
      fee: null,
      input_units: null,
      output_units: null,
      outcome: null,
      started_at: null,
    };
    expect(await json(await running.call("GET", `/v1/receipts/${requestId(2)}`))).toMatchObject({
      ...nothing,
      state: "reserved",
      settled_at: null,
      manifest: running.market.provider.manifestHash,
      price_id: running.market.provider.priceId,
    });
    expect(await json(await running.call("GET", `/v1/receipts/${requestId(3)}`))).toMatchObject({
      ...nothing,
      state: "voided",
      void_reason: "PROVIDER_BROKE_OFF",
      settled_at: AT + 5,
    });
    const voided = await running.call("GET", `/v1/receipts/${requestId(3)}/bundle`);
    expect([voided.status, (await json(voided)).error]).toMatchObject([409, { code: "NO_RECEIPT" }]);
    const reserved = await running.call("GET", `/v1/receipts/${requestId(2)}/bundle`);
    expect([reserved.status, reserved.headers.get("retry-after")]).toEqual([503, "1"]);
  });

  test("are paged, for the key that asks or for all", async () => {
    const { key, id } = await json(await running.call("POST", "/v1/keys", { body: { name: "many", budget: "1000" } }));
    for (let number = 0; number < 7; number++)
      running.market.reserve(`key_${id}`, bytesOf(requestId(100 + number)), AT + number);
    const seen: string[] = [];
    let token = "";
    do {
      const page = await json(await running.call("GET", `/v1/receipts?page_size=3&page_token=${token}`, { key }));
      seen.push(...page.data.map((receipt) => receipt.request_id));
      token = page.next_page_token;
    } while (token !== "");
    expect(seen).toEqual(Array.from({ length: 7 }, (_, index) => requestId(106 - index)));
    const all = await json(await running.call("GET", "/v1/receipts?all=true&page_size=100"));
    expect(all.data.length).toBeGreaterThan(7);
    expect((await running.call("GET", "/v1/receipts?all=true", { key })).status).toBe(403);
    for (const query of ["page_size=0", "page_size=101", "page_size=x", "unknown=1"]) {
      expect([query, (await running.call("GET", `/v1/receipts?${query}`, { key })).status]).toEqual([query, 400]);
    }
  });

  test("that do not exist, or have impossible names", async () => {
    expect((await running.call("GET", `/v1/receipts/${requestId(999)}`)).status).toBe(404);
    expect((await running.call("GET", "/v1/receipts/req_1")).status).toBe(400);
  });
});

describe("proof bundles", () => {
  test("verify offline, against the trust file, down to the very bytes; also the second of a session", async () => {
    const trust = parseTrust(
      Buffer.from(await (await running.call("GET", "/trust.json", { key: null })).arrayBuffer()),
    );
    for (const number of [11, 12]) {
      const made = running.market.settle(`key_${running.adminId}`, bytesOf(requestId(number)), exchange, AT + number);
      running.log.append(running.market.provider, made);
    }
    const response = await running.call("GET", `/v1/receipts/${requestId(12)}/bundle`);
    expect(response.headers.get("cache-control")).toBe("private, no-store");
    const bundle = Buffer.from(await response.arrayBuffer());
    const verification = verifyBundle(bundle, trust, exchange);
    const unpassed = verification.steps.filter(({ status }) => status !== "passed");
    expect(unpassed.map(({ name }) => name)).toEqual(["anchor"]);
    expect(verification).toMatchObject({ valid: true, textChecked: true });
    // The log's checkpoint also carries a stranger's signature, which would have made the bundle invalid.
    expect(parseNote(running.log.checkpoint()).signatures).toHaveLength(2);
  });

  test("wait for the log, and no longer than is said", async () => {
    const made = running.market.settle(`key_${running.adminId}`, bytesOf(requestId(20)), exchange, AT + 20);
    const { market, log, databaseUrl } = running;
    const patient = await startGateway(postgres, { market, log, databaseUrl });
    const waiting = patient.call("GET", `/v1/receipts/${made.id}/bundle`);
    await waitFor(() => log.isAwaited);
    log.append(market.provider, made);
    expect((await waiting).status).toBe(200);
    await patient.stop();
    const never = running.market.settle(`key_${running.adminId}`, bytesOf(requestId(21)), exchange, AT + 21);
    const refused = await running.call("GET", `/v1/receipts/${never.id}/bundle`);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(await json(refused)).toMatchObject({ error: { code: "NOT_LOGGED_YET" } });
  });
});

describe("contributions", () => {
  test("carry the names that the registry knows, and page on", async () => {
    const first = await json(await running.call("GET", "/v1/contributions"));
    expect(first).toMatchObject({
      tree_size: 42,
      data: [
        {
          provider_name: "alpha",
          model: "test-model",
          kind: "inference",
          receipts: 3,
          output_units: "18446744073709551616",
          fee: "102",
        },
      ],
      next_page_token: "second",
    });
    const second = await json(await running.call("GET", "/v1/contributions?page_token=second"));
    expect(second).toMatchObject({
      data: [{ provider_name: null, model: null, kind: "embedding" }],
      next_page_token: "",
    });
  });
});

describe("the log over HTTP", () => {
  test("checkpoint and verifier key are never cached", async () => {
    const checkpoint = await running.call("GET", "/log/checkpoint", { key: null });
    expect(await checkpoint.text()).toBe(running.log.checkpoint());
    expect(checkpoint.headers.get("cache-control")).toBe("no-cache");
    const vkey = await running.call("GET", "/log/vkey", { key: null });
    expect(await vkey.text()).toBe(`${running.log.vkey}\n`);
  });

  test("full tiles are immutable, partial ones are not, and their bytes are the log's", async () => {
    running.log.tiles.set("tile/0/x001/234", { content: Buffer.from([0, 255, 1]), immutable: true });
    running.log.tiles.set("tile/entries/000.p/7", { content: Buffer.from("partial"), immutable: false });
    const full = await running.call("GET", "/log/tile/0/x001/234", { key: null });
    expect([...new Uint8Array(await full.arrayBuffer())]).toEqual([0, 255, 1]);
    expect(full.headers.get("cache-control")).toContain("immutable");
    const partial = await running.call("GET", "/log/tile/entries/000.p/7", { key: null });
    expect(await partial.text()).toBe("partial");
    expect(partial.headers.get("cache-control")).not.toContain("immutable");
    for (const tile of ["0/999", "0/1", "00/000", "0/000.p/256", "0/x000/001", "entries/..%2f..%2fcheckpoint"]) {
      expect([tile, (await running.call("GET", `/log/tile/${tile}`, { key: null })).status]).toEqual([tile, 404]);
    }
  });

  test("cosignatures are handed to the log, which decides", async () => {
    const post = (body: string) =>
      running.call("POST", "/log/add-cosignature", { key: null, body, headers: { "content-type": "text/plain" } });
    expect((await post("note of a witness")).status).toBe(204);
    expect(running.log.cosignatures).toEqual(["note of a witness"]);
    expect((await post("note of nobody")).status).toBe(403);
    expect((await post("")).status).toBe(400);
    expect((await post("x".repeat(70_000))).status).toBe(413);
  });
});

describe("what a deployment says of itself", () => {
  test("capabilities", async () => {
    expect(await json(await running.call("GET", "/v1/capabilities", { key: null }))).toMatchObject({
      version: "0.1.0",
      chain_id: "31337",
      modules: { compute: true, poi: true, chain: true },
      chain_rpc: "http://127.0.0.1:8545",
      limits: { body_bytes: 4_000_000, page_size: 100, bundle_wait_ms: 200 },
    });
  });

  test("the trust file, as it is", async () => {
    const response = await running.call("GET", "/trust.json", { key: null });
    expect(await response.json()).toEqual(trustToJson(running.log.trust([running.market.provider])));
  });

  test("every documented operation has been seen to answer as documented", () => {
    const seen = new Set(
      [...running.openApi.seen].filter((what) => / 2\d\d$/.test(what)).map((what) => what.split(" ")[0]),
    );
    const elsewhere = [
      "createChatCompletion",
      "createCompletion",
      "createEmbedding",
      "getOpenApi",
      "getBudget",
      "getKey",
      "listKeys",
      "revokeKey",
      "deposit",
      "withdraw",
    ];
    expect(running.openApi.operationIds.filter((id) => !seen.has(id)).sort()).toEqual([...elsewhere].sort());
  });
});

describe("with poi switched off", () => {
  test("its routes say so, and the rest works", async () => {
    const small = await startGateway(postgres, { poi: false });
    try {
      const made = small.market.settle(`key_${small.adminId}`, bytesOf(requestId(1)), exchange, AT);
      for (const route of [
        "/log/checkpoint",
        "/log/vkey",
        "/log/tile/0/000",
        "/v1/contributions",
        `/v1/receipts/${made.id}/bundle`,
      ]) {
        const response = await small.call("GET", route);
        expect([route, response.status]).toEqual([route, 501]);
        expect(response.headers.get("x-should-retry")).toBe("false");
        expect(await json(response)).toMatchObject({ error: { code: "MODULE_DISABLED" } });
      }
      const capabilities = await json(await small.call("GET", "/v1/capabilities"));
      expect(capabilities).toMatchObject({ modules: { compute: true, poi: false, chain: false } });
      expect(capabilities).not.toHaveProperty("chain_rpc");
      expect((await small.call("GET", `/v1/receipts/${made.id}`)).status).toBe(200);
      expect((await small.call("GET", "/trust.json")).status).toBe(404);
    } finally {
      await small.stop();
    }
  });
});
