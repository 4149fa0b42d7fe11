import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import http from "node:http";
import net from "node:net";
import path from "node:path";
import { brotliCompressSync, brotliDecompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { startTestPostgres, type TestPostgres } from "@koinon/testkit/postgres";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { waitFor } from "@koinon/testkit/wait-for";
import { Validator } from "@seriousme/openapi-schema-validator";
import { type RunningGateway, startGateway } from "../fixture/start-gateway.ts";

let postgres: TestPostgres;
let folder: { path: string; remove(): Promise<void> };
let running: RunningGateway;

const script = `console.log("${"terminal ".repeat(50)}");`;

beforeAll(async () => {
  postgres = await startTestPostgres();
  folder = await temporaryFolder();
  await mkdir(path.join(folder.path, "assets"));
  await writeFile(path.join(folder.path, "index.html"), "<!doctype html><title>Terminal</title>");
  await writeFile(path.join(folder.path, "assets/index-Dk3fJ_x1.js"), script);
  await writeFile(path.join(folder.path, "assets/index-Dk3fJ_x1.js.br"), brotliCompressSync(script));
  await writeFile(path.join(folder.path, "favicon.svg"), "<svg/>");
  await writeFile(path.join(folder.path, ".env"), "secret");
  running = await startGateway(postgres, {
    env: {
      GATEWAY_TERMINAL_DIRECTORY: folder.path,
      GATEWAY_CORS_ORIGINS: "https://app.example, http://localhost:5173",
      GATEWAY_CHAIN_RPC_URL: "http://127.0.0.1:8545/rpc",
      GATEWAY_BODY_BYTES_MAX: "2048",
      GATEWAY_REQUESTS_MAX: "4",
    },
  });
});
afterAll(async () => {
  await running.stop();
  await folder.remove();
  await postgres.stop();
});

const body = { model: "m", messages: [] };
const chat = () => running.call("POST", "/v1/chat/completions", { body });
const code = async (response: Response) => ((await response.json()) as { error: { code: string } }).error.code;
// fetch normalises paths and hides some headers; this does not.
const raw = async (method: string, target: string, headers: Record<string, string> = {}) => {
  const request = http.request(running.url, { method, path: target, headers }).end();
  const [response] = (await once(request, "response")) as [http.IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) };
};

describe("the Terminal", () => {
  test("its page has a strict policy and is revalidated", async () => {
    const page = await raw("GET", "/");
    expect(page.status).toBe(200);
    expect(page.headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(page.headers["cache-control"]).toBe("no-cache");
    const policy = page.headers["content-security-policy"] as string;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toContain("unsafe");
    expect(policy).toContain("connect-src 'self' http://127.0.0.1:8545;");
    const again = await raw("GET", "/", { "if-none-match": page.headers.etag as string });
    expect([again.status, again.body.length]).toEqual([304, 0]);
  });

  test("hashed assets are immutable, and compressed when the build compressed them", async () => {
    const asset = "/assets/index-Dk3fJ_x1.js";
    const plain = await raw("GET", asset);
    expect(plain.body.toString()).toBe(script);
    expect(plain.headers["cache-control"]).toContain("immutable");
    const compressed = await raw("GET", asset, { "accept-encoding": "gzip, br" });
    expect(compressed.headers["content-encoding"]).toBe("br");
    expect(compressed.headers.vary).toBe("origin, accept-encoding");
    expect(brotliDecompressSync(compressed.body).toString()).toBe(script);
    expect((await raw("GET", asset, { "accept-encoding": "br;q=0" })).headers["content-encoding"]).toBeUndefined();
    expect((await raw("GET", "/favicon.svg")).headers["cache-control"]).toBe("no-cache");
    const head = await raw("HEAD", asset);
    expect([head.status, head.headers["content-length"], head.body.length]).toEqual([200, String(script.length), 0]);
  });

  test("its routes lead to its page, the API's do not", async () => {
    const accept = { accept: "text/html,application/xhtml+xml" };
    expect((await raw("GET", "/receipts/req_1", accept)).body.toString()).toContain("Terminal");
    for (const target of ["/v1/nothing", "/log/nothing", "/assets/gone.js"]) {
      expect([target, (await raw("GET", target, accept)).status]).toEqual([target, 404]);
    }
    expect((await raw("GET", "/nothing", { accept: "application/json" })).status).toBe(404);
  });

  test("nothing but its files can be reached", async () => {
    for (const target of [
      "/.env",
      "/../etc/passwd",
      "/..%2f..%2fetc%2fpasswd",
      "/assets/../.env",
      "//etc/passwd",
      "/assets/%2e%2e/.env",
    ]) {
      const answer = await raw("GET", target);
      expect([target, answer.status, answer.body.includes("secret")]).toEqual([target, 404, false]);
    }
  });
});

describe("other origins", () => {
  test("that are listed may call, and may read the headers that matter", async () => {
    const preflight = await raw("OPTIONS", "/v1/chat/completions", {
      origin: "https://app.example",
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization,content-type,x-stainless-os",
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers).toMatchObject({
      "access-control-allow-origin": "https://app.example",
      "access-control-allow-headers": "authorization,content-type,x-stainless-os",
      vary: "origin",
    });
    expect(preflight.headers["access-control-allow-methods"]).toContain("POST");
    const answer = await running.call("POST", "/v1/chat/completions", {
      body,
      headers: { origin: "https://app.example" },
    });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("access-control-allow-origin")).toBe("https://app.example");
    expect(answer.headers.get("access-control-expose-headers")).toContain("x-koinon-provider");
    const refused = await running.call("GET", "/v1/budget", { key: null, headers: { origin: "https://app.example" } });
    expect([refused.status, refused.headers.get("access-control-allow-origin")]).toEqual([401, "https://app.example"]);
    expect(answer.headers.get("access-control-allow-credentials")).toBeNull();
  });

  test("that are not listed get no permission", async () => {
    for (const origin of ["https://evil.example", "https://app.example.evil.example", "null", "https://APP.example"]) {
      const answer = await running.call("GET", "/v1/capabilities", { headers: { origin } });
      expect([origin, answer.headers.get("access-control-allow-origin")]).toEqual([origin, null]);
      const preflight = await raw("OPTIONS", "/v1/keys", { origin, "access-control-request-method": "POST" });
      expect([origin, preflight.status]).toEqual([origin, 404]);
    }
  });
});

describe("limits", () => {
  test("a body over the limit is refused, to the byte, whether its length is declared or not", async () => {
    const padded = (bytes: number) => {
      const empty = JSON.stringify({ ...body, pad: "" });
      return JSON.stringify({ ...body, pad: "x".repeat(bytes - empty.length) });
    };
    expect((await running.call("POST", "/v1/chat/completions", { body: padded(2048) })).status).toBe(200);
    const refused = await running.call("POST", "/v1/chat/completions", { body: padded(2049) });
    expect([refused.status, await code(refused)]).toEqual([413, "BODY_TOO_LARGE"]);
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(Buffer.from(padded(5_000)));
        controller.close();
      },
    });
    const undeclared = await fetch(`${running.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${running.adminKey}`, "content-type": "application/json" },
      body: stream,
      duplex: "half",
    } as RequestInit);
    expect(undeclared.status).toBe(413);
  });

  test("a client that sends too slowly is cut off", async () => {
    const hasty = await startGateway(postgres, { env: { GATEWAY_RECEIVE_TIMEOUT_MS: "1000" } });
    const { port, hostname } = new URL(hasty.url);
    const socket = net.connect({ port: Number(port), host: hostname });
    socket.on("error", () => undefined);
    const received: Buffer[] = [];
    socket.on("data", (data) => received.push(data));
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${hasty.adminKey}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{`,
    );
    await once(socket, "close", { signal: AbortSignal.timeout(20_000) });
    expect(Buffer.concat(received).toString()).toMatch(/^(HTTP\/1\.1 408|$)/);
    await hasty.stop();
  });

  test("a full house refuses at once, says when to come again, and recovers", async () => {
    const gate = Promise.withResolvers<void>();
    let inside = 0;
    running.market.behaviour = async function* (request) {
      inside += 1;
      await gate.promise;
      yield* running.market.answer(request);
    };
    const waiting = Array.from({ length: 4 }, () => chat());
    await waitFor(() => inside === 4);
    for (let attempt = 0; attempt < 10; attempt++) {
      const refused = await chat();
      expect([refused.status, refused.headers.get("retry-after"), await code(refused)]).toEqual([
        503,
        "1",
        "OVERLOADED",
      ]);
    }
    gate.resolve();
    for (const answer of await Promise.all(waiting)) expect(answer.status).toBe(200);
    expect((await chat()).status).toBe(200);
    expect(inside).toBe(5);
  });

  test("what is not JSON, or not said to be, is refused", async () => {
    const post = (text: string, type: string | undefined) =>
      running.call("POST", "/v1/embeddings", {
        body: text,
        headers: type === undefined ? {} : { "content-type": type },
      });
    expect([
      (await post("{", undefined)).status,
      (await post("{}", "text/plain")).status,
      (await post("{}", "")).status,
    ]).toEqual([400, 415, 415]);
    const empty = await running.call("POST", "/v1/embeddings");
    expect([empty.status, await code(empty)]).toEqual([400, "INVALID_REQUEST"]);
  });

  test("JSON that is named and not there is no body", async () => {
    const named = { "content-type": "application/json" };
    for (const [method, target, wanted] of [
      ["DELETE", "/v1/models/some-model", "ROUTE_NOT_FOUND"],
      ["DELETE", "/v1/keys/ffffffffffffffff", "KEY_UNKNOWN"],
      ["GET", "/v1/manifests/nothing", "INVALID_REQUEST"],
      ["POST", "/v1/keys", "INVALID_REQUEST"],
    ] as const) {
      const without = await running.call(method, target);
      const withName = await running.call(method, target, { headers: named });
      const answers = [without.status, await code(without), withName.status, await code(withName)];
      expect([method, target, ...answers]).toEqual([method, target, without.status, wanted, without.status, wanted]);
    }
    const broken = await running.call("POST", "/v1/keys", { body: "{", headers: named });
    expect([broken.status, await code(broken)]).toEqual([400, "INVALID_JSON"]);
  });

  test("routes that do not exist, or not for this method", async () => {
    for (const [method, target] of [
      ["GET", "/v1/nothing"],
      ["GET", "/v1/chat/completions"],
      ["PUT", "/v1/keys"],
    ] as const) {
      const response = await running.call(method, target);
      expect([method, target, response.status, await code(response)]).toEqual([method, target, 404, "ROUTE_NOT_FOUND"]);
      expect(response.headers.get("x-request-id")).toMatch(/^req_/);
    }
    const malformed = await raw("GET", "/v1/%zz");
    expect(malformed.status).toBe(400);
    expect(JSON.parse(malformed.body.toString())).toMatchObject({ error: { code: "INVALID_REQUEST", param: "path" } });
  });
});

describe("the OpenAPI document", () => {
  test("is valid OpenAPI 3.1", async () => {
    const document = (await (await running.call("GET", "/openapi.json", { key: null })).json()) as Record<
      string,
      unknown
    >;
    const result = await new Validator().validate(document);
    expect(result).toMatchObject({ valid: true });
    expect(document).toMatchObject({
      openapi: "3.1.0",
      paths: { "/v1/keys/{id}/deposit": { post: { operationId: "deposit" } } },
    });
  });
});

describe("an orderly end", () => {
  test("lets answers under way finish, and takes no new connection", async () => {
    const ending = await startGateway(postgres);
    const gate = Promise.withResolvers<void>();
    const started = Promise.withResolvers<void>();
    ending.market.behaviour = async function* () {
      yield ending.market.head("text/event-stream");
      yield { part: { $case: "chunk", value: Buffer.from("data: 1\n\n") } };
      started.resolve();
      await gate.promise;
      yield { part: { $case: "chunk", value: Buffer.from("data: [DONE]\n\n") } };
    };
    const answer = await ending.call("POST", "/v1/chat/completions", { body });
    await started.promise;
    const stopped = ending.gateway.quiesce(AbortSignal.timeout(5_000));
    await expect(fetch(`${ending.url}/v1/capabilities`)).rejects.toThrow();
    gate.resolve();
    expect(await answer.text()).toBe("data: 1\n\ndata: [DONE]\n\n");
    await stopped;
    await ending.gateway.stop(AbortSignal.timeout(1_000));
  });

  test("before it ends it still serves, and every answer closes its connection", async () => {
    const ending = await startGateway(postgres);
    const connectionOf = async () => {
      const answer = await ending.call("GET", "/v1/models");
      expect(answer.status).toBe(200);
      await answer.arrayBuffer();
      return answer.headers.get("connection");
    };
    expect(await connectionOf()).toBe("keep-alive");
    ending.gateway.turnAway();
    expect([await connectionOf(), await connectionOf()]).toEqual(["close", "close"]);
    ending.market.behaviour = async function* () {
      yield ending.market.head("text/event-stream");
      yield { part: { $case: "chunk", value: Buffer.from("data: [DONE]\n\n") } };
    };
    const stream = await ending.call("POST", "/v1/chat/completions", { body });
    expect([stream.headers.get("connection"), await stream.text()]).toEqual(["close", "data: [DONE]\n\n"]);
    await ending.stop();
  });

  test("cuts what does not finish in time", async () => {
    const ending = await startGateway(postgres);
    ending.market.behaviour = async function* () {
      yield ending.market.head("text/event-stream");
      yield { part: { $case: "chunk", value: Buffer.from("data: 1\n\n") } };
      await new Promise(() => undefined);
    };
    const answer = await ending.call("POST", "/v1/chat/completions", { body });
    const reading = answer.text();
    await ending.gateway.quiesce(AbortSignal.timeout(100));
    await expect(reading).rejects.toThrow();
    await ending.gateway.stop(AbortSignal.timeout(1_000));
  });

  test("health tells the truth before, while and after it serves", async () => {
    const ending = await startGateway(postgres);
    expect(ending.gateway.health()).toMatchObject({ status: "serving" });
    await ending.stop();
    expect(ending.gateway.health()).toMatchObject({
      status: "not-serving",
      parts: [{ name: "http", ok: false }, {}, {}],
    });
  });
});
