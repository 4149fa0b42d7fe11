import type { ServerResponse } from "node:http";
import { afterEach, describe, expect, test } from "@jest/globals";
import { everyItem, KoinonClient } from "../src/client.ts";
import { ApiError, type ApiFault, isRefusal } from "../src/fault.ts";
import { type FakeGateway, type Seen, sendJson, startFakeGateway } from "./fake-gateway.ts";

let gateway: FakeGateway | undefined;
afterEach(async () => {
  await gateway?.close();
  gateway = undefined;
});

async function start(answer: (request: Seen, response: ServerResponse, number: number) => void): Promise<FakeGateway> {
  gateway = await startFakeGateway(answer);
  return gateway;
}

async function faultOf(call: Promise<unknown>): Promise<ApiFault> {
  try {
    await call;
  } catch (error) {
    if (error instanceof ApiError) return error.fault;
    throw error;
  }
  throw new Error("it did not fail");
}

const id = `req_${"a".repeat(32)}`;

describe("requests", () => {
  test("each call uses its route, method, key and body", async () => {
    const { url, seen } = await start((_request, response) => sendJson(response, { data: [], next_page_token: "" }));
    const client = new KoinonClient({ url: `${url}/`, key: "sk-koinon-x" });
    await client.budget();
    await client.models();
    await client.model("org/model name");
    await client.providers();
    await client.receipts({ pageSize: 2, pageToken: "t+/=", all: true });
    await client.receipts();
    await client.receipt(id);
    await client.keys();
    await client.createKey({ name: "n", budget: "5" }, { creation: "once" });
    await client.revokeKey("0123456789abcdef");
    await client.deposit("0123456789abcdef", { amount: "7", requestId: "r" });
    await client.withdraw("0123456789abcdef", { requestId: "r" });
    await client.contributions({ pageSize: 100 });
    await client.capabilities();
    await client.log.tile("tile/0/x001/234.p/5");
    await client.log.addCosignature("note\n");
    expect(seen.map(({ method, path, body }) => [method, path, body].join(" ").trim())).toEqual([
      "GET /v1/budget",
      "GET /v1/models",
      "GET /v1/models/org%2Fmodel%20name",
      "GET /v1/providers",
      "GET /v1/receipts?page_size=2&page_token=t%2B%2F%3D&all=true",
      "GET /v1/receipts",
      `GET /v1/receipts/${id}`,
      "GET /v1/keys",
      'POST /v1/keys {"name":"n","budget":"5"}',
      "DELETE /v1/keys/0123456789abcdef",
      'POST /v1/keys/0123456789abcdef/deposit {"amount":"7","request_id":"r"}',
      'POST /v1/keys/0123456789abcdef/withdraw {"request_id":"r"}',
      "GET /v1/contributions?page_size=100",
      "GET /v1/capabilities",
      "GET /log/tile/0/x001/234.p/5",
      "POST /log/add-cosignature note",
    ]);
    expect(seen.every(({ headers }) => headers.authorization === "Bearer sk-koinon-x")).toBe(true);
    expect(seen[8]?.headers).toMatchObject({ "idempotency-key": "once", "content-type": "application/json" });
    expect(seen.at(-1)?.headers["content-type"]).toBe("text/plain; charset=utf-8");
  });

  test("without a key none is sent", async () => {
    const { url, seen } = await start((_request, response) => response.end("origin+key\n"));
    expect(await new KoinonClient({ url }).log.verifierKey()).toBe("origin+key");
    expect(seen[0]?.headers.authorization).toBeUndefined();
  });

  test("bytes and text arrive as they are", async () => {
    const bytes = Buffer.from([0, 255, 10, 13, 0xc3, 0x28]);
    const { url } = await start((_request, response) => response.end(bytes));
    const client = new KoinonClient({ url });
    expect([...(await client.bundle(id))]).toEqual([...bytes]);
    expect([...(await client.trustFile())]).toEqual([...bytes]);
  });

  test("every item of a list, page after page", async () => {
    const { url, seen } = await start((_request, response, number) =>
      sendJson(response, { data: [number * 2, number * 2 + 1], next_page_token: number < 2 ? `page ${number}` : "" }),
    );
    const client = new KoinonClient({ url });
    const items: unknown[] = [];
    for await (const item of everyItem((pageToken) => client.receipts({ pageToken }))) items.push(item);
    expect(items).toEqual([0, 1, 2, 3, 4, 5]);
    expect(seen.map(({ path }) => path)).toEqual([
      "/v1/receipts",
      "/v1/receipts?page_token=page+0",
      "/v1/receipts?page_token=page+1",
    ]);
  });
});

describe("failures", () => {
  test("an error answer becomes its stable code and facts", async () => {
    const error = { message: "No such receipt.", type: "not_found_error", param: null, code: "UNKNOWN_RECEIPT" };
    const { url } = await start((_request, response) => sendJson(response, { error }, 404, { "x-request-id": id }));
    const call = new KoinonClient({ url }).receipt(id);
    expect(await faultOf(call)).toEqual({
      code: "REFUSED",
      status: 404,
      reason: "UNKNOWN_RECEIPT",
      problem: "No such receipt.",
      param: null,
      requestId: id,
      retryAfterMs: null,
    });
    const caught: unknown = await call.catch((reason: unknown) => reason);
    expect([isRefusal(caught, "UNKNOWN_RECEIPT"), isRefusal(caught, "OVERLOADED")]).toEqual([true, false]);
  });

  test.each([
    [{ "retry-after": "3" }, 3_000],
    [{ "retry-after": "3", "retry-after-ms": "2500" }, 2_500],
    [{ "retry-after": "Wed, 21 Oct 2026 07:28:00 GMT" }, null],
    [{}, null],
  ])("how long to wait: %j", async (headers: Record<string, string>, retryAfterMs) => {
    const { url } = await start((_request, response) =>
      sendJson(response, { error: { code: "OVERLOADED" } }, 503, headers),
    );
    expect(await faultOf(new KoinonClient({ url }).budget())).toMatchObject({ reason: "OVERLOADED", retryAfterMs });
  });

  test("an error page of something in between is an error too", async () => {
    const { url } = await start((_request, response) => {
      response.writeHead(502, { "content-type": "text/html" });
      response.end("<html>Bad gateway</html>");
    });
    expect(await faultOf(new KoinonClient({ url }).budget())).toMatchObject({
      code: "REFUSED",
      status: 502,
      reason: "HTTP_502",
    });
  });

  test.each(["", "[", "null", "7", "<html>"])("the answer %j is malformed", async (body) => {
    const { url } = await start((_request, response) => response.end(body));
    expect(await faultOf(new KoinonClient({ url }).budget())).toMatchObject({ code: "ANSWER_MALFORMED" });
  });

  test("nobody listening", async () => {
    const { url, close } = await start((_request, response) => response.end());
    await close();
    expect(await faultOf(new KoinonClient({ url }).budget())).toMatchObject({
      code: "UNREACHABLE",
      problem: expect.stringContaining("ECONNREFUSED"),
    });
  });

  test("a connection that breaks off in the middle", async () => {
    const { url } = await start((_request, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("{", () => response.destroy());
    });
    expect(await faultOf(new KoinonClient({ url }).budget())).toMatchObject({ code: "UNREACHABLE" });
  });

  test("no answer in time, not even a whole body in time", async () => {
    const { url } = await start((request, response) => {
      if (request.path === "/v1/budget") response.write("{");
    });
    const client = new KoinonClient({ url, timeoutMs: 50 });
    expect(await faultOf(client.budget())).toMatchObject({ code: "TIMEOUT", timeoutMs: 50 });
    expect(await faultOf(client.models())).toMatchObject({ code: "TIMEOUT" });
  });

  test("the caller's abort is the caller's reason", async () => {
    const controller = new AbortController();
    const { url } = await start(() => controller.abort(new Error("enough")));
    await expect(new KoinonClient({ url }).budget({ signal: controller.signal })).rejects.toThrow("enough");
  });

  test("an answer beyond the limit is cut off", async () => {
    const { url } = await start((_request, response) => {
      const chunk = Buffer.alloc(1 << 20);
      const write = (): void => {
        while (!response.destroyed && response.write(chunk)) {
          // until the socket is full
        }
        if (!response.destroyed) response.once("drain", write);
      };
      write();
    });
    expect(await faultOf(new KoinonClient({ url }).trustFile())).toMatchObject({ code: "ANSWER_MALFORMED" });
  });
});

describe("waiting for a bundle", () => {
  const notYet = (response: ServerResponse): void =>
    sendJson(response, { error: { code: "NOT_LOGGED_YET", message: "" } }, 503);

  test("asks again until the receipt is logged", async () => {
    const { url, seen } = await start((_request, response, number) =>
      number < 2 ? notYet(response) : sendJson(response, {}),
    );
    const bytes = await new KoinonClient({ url }).bundle(id, { waitMs: 20_000 });
    expect(new TextDecoder().decode(bytes)).toBe("{}");
    expect(seen).toHaveLength(3);
  });

  test("does not wait unless told to, and not for other errors", async () => {
    const { url, seen } = await start((request, response) =>
      request.path.includes(id) ? notYet(response) : sendJson(response, { error: { code: "UNKNOWN_RECEIPT" } }, 404),
    );
    const client = new KoinonClient({ url });
    expect(await faultOf(client.bundle("other", { waitMs: 20_000 }))).toMatchObject({ reason: "UNKNOWN_RECEIPT" });
    expect(seen).toHaveLength(1);
  });

  test("can be aborted while it waits", async () => {
    const controller = new AbortController();
    const { url } = await start((_request, response) => {
      response.on("close", () => controller.abort(new Error("enough")));
      notYet(response);
    });
    const call = new KoinonClient({ url }).bundle(id, { waitMs: 20_000, signal: controller.signal });
    await expect(call).rejects.toThrow("enough");
  });
});
