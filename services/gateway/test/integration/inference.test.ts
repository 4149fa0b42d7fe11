import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import type { InferRequest, InferResponse } from "@koinon/contracts/koinon/compute/v1/inference";
import { startTestPostgres, type TestPostgres } from "@koinon/testkit/postgres";
import { waitFor } from "@koinon/testkit/wait-for";
import { type RunningGateway, startGateway } from "../fixture/start-gateway.ts";
import { TestFault } from "../fixture/test-fault.ts";

let postgres: TestPostgres;
let running: RunningGateway;

beforeAll(async () => {
  postgres = await startTestPostgres();
  running = await startGateway(postgres, {
    env: { GATEWAY_STALL_TIMEOUT_MS: "1000", GATEWAY_BODY_BYTES_MAX: "100000" },
  });
});
afterAll(async () => {
  await running.stop();
  await postgres.stop();
});
afterEach(() => {
  running.market.behaviour = (request) => running.market.answer(request);
});

const body = JSON.stringify({ model: "test-model", messages: [{ role: "user", content: "hallo wörld ✓" }] });
const chunk = (text: string): InferResponse => ({ part: { $case: "chunk", value: Buffer.from(text) } });
const chat = (headers: Record<string, string> = {}, text: string = body) =>
  running.call("POST", "/v1/chat/completions", { body: text, headers });

describe("answers", () => {
  test("the body travels byte for byte both ways, with the headers that name who served", async () => {
    // Spellings that a parser and printer would change.
    const request = `{ "messages": [],\n"model":"test-model", "temperature": 1.0, "x": 1e2, "y": "\\u0041", "z": 12345678901234567890 }`;
    const answer = `{"a": 1.0,  "b":"\\u00e9", "c": 12345678901234567890}\n`;
    let seen: InferRequest | undefined;
    running.market.behaviour = (infer) => {
      seen = infer;
      return running.market.answer(infer, [answer.slice(0, 9), answer.slice(9)]);
    };
    const response = await chat({ "x-koinon-prefer": "latency", "x-koinon-max-fee": "77" }, request);
    expect(response.status).toBe(200);
    expect(Buffer.from(await response.arrayBuffer()).toString()).toBe(answer);
    expect(Buffer.from(seen?.body ?? []).toString()).toBe(request);
    expect(seen).toMatchObject({ accountId: `key_${running.adminId}`, model: "test-model", endpoint: 1 });
    expect(seen?.policy).toMatchObject({ prefer: 2, maxFee: "77" });
    const { root, manifestHash, priceId } = running.market.provider;
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "application/json",
      "content-length": String(Buffer.byteLength(answer)),
      "x-koinon-provider": root.address,
      "x-koinon-provider-name": "alpha",
      "x-koinon-model": manifestHash,
      "x-koinon-price": priceId,
      "x-content-type-options": "nosniff",
    });
    const requestId = response.headers.get("x-request-id") ?? "";
    expect(requestId).toMatch(/^req_[0-9a-f]{32}$/);
    expect(Buffer.from(seen?.requestId ?? []).toString("hex")).toBe("0".repeat(32) + requestId.slice(4));
  });

  test("every operation reaches the market as what it is", async () => {
    const endpoints: number[] = [];
    running.market.behaviour = (request) => {
      endpoints.push(request.endpoint);
      return running.market.answer(request);
    };
    await running.call("POST", "/v1/chat/completions", { body: { model: "m", messages: [] } });
    await running.call("POST", "/v1/completions", { body: { model: "m", prompt: "p" } });
    await running.call("POST", "/v1/embeddings", { body: { model: "m", input: "i" } });
    expect(endpoints).toEqual([1, 2, 3]);
  });

  test("a stream reaches the client event by event, while the provider is still at work", async () => {
    const gate = Promise.withResolvers<void>();
    running.market.behaviour = async function* () {
      yield running.market.head("text/event-stream; charset=utf-8");
      yield chunk('data: {"n":1}\n\n');
      await gate.promise;
      yield chunk('data: {"n":2}\n\ndata: [DONE]\n\n');
    };
    const response = await chat();
    expect(response.headers.get("x-accel-buffering")).toBe("no");
    expect(response.headers.get("x-koinon-provider")).toBe(running.market.provider.root.address);
    const reader = response.body?.getReader() as ReadableStreamDefaultReader<Uint8Array>;
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe('data: {"n":1}\n\n');
    gate.resolve();
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe('data: {"n":2}\n\ndata: [DONE]\n\n');
    expect((await reader.read()).done).toBe(true);
  });

  test.each(["application/json", "text/event-stream"])(
    "%s is whole with its end, however the call ends after that",
    async (contentType) => {
      const gate = Promise.withResolvers<void>();
      running.market.behaviour = async function* () {
        yield running.market.head(contentType);
        yield chunk('{"n":1}');
        yield running.market.end();
        await gate.promise;
        throw new TestFault("PROVIDERS_FAILED");
      };
      const response = await chat();
      expect([response.status, await response.text()]).toEqual([200, '{"n":1}']);
      gate.resolve();
      expect((await running.call("GET", "/v1/capabilities")).status).toBe(200);
    },
  );

  test("the engine's own refusal goes through as it is", async () => {
    running.market.behaviour = (request) =>
      running.market.answer(request, ['{"error":{"message":"no"}}'], "application/json", 422);
    const response = await chat();
    expect(response.status).toBe(422);
    expect(await response.text()).toBe('{"error":{"message":"no"}}');
  });

  test("a large answer that is no stream comes whole", async () => {
    const part = "x".repeat(100_000);
    running.market.behaviour = (request) =>
      running.market.answer(
        request,
        Array.from({ length: 30 }, () => part),
      );
    const response = await chat();
    expect((await response.text()).length).toBe(3_000_000);
    expect(response.headers.get("content-length")).toBeNull();
  });
});

describe("an upstream that fails", () => {
  test("before the first byte is a typed error, also when it had promised an answer", async () => {
    running.market.behaviour = async function* () {
      yield running.market.head("text/event-stream");
      throw new TestFault("PROVIDERS_FAILED");
    };
    const response = await chat();
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({ error: { code: "PROVIDERS_FAILED", type: "upstream_error" } });
    expect(response.headers.get("x-koinon-provider")).toBeNull();
  });

  test("in the middle of a JSON answer is still a typed error", async () => {
    running.market.behaviour = async function* () {
      yield running.market.head();
      yield chunk('{"id":');
      throw new TestFault("ANSWER_BROKEN");
    };
    const response = await chat();
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({ error: { code: "ANSWER_BROKEN" } });
  });

  test("after nothing at all is a typed error", async () => {
    running.market.behaviour = async function* () {};
    const response = await chat();
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({ error: { code: "UPSTREAM_BROKEN" } });
  });

  test.each([
    ["between two events", 'data: {"n":1}\n\n', 'data: {"n":1}\n\ndata: {"error":'],
    ["within an event", 'data: {"n":1}\n\ndata: {"n', 'data: {"n":1}\n\ndata: {"n\n\ndata: {"error":'],
  ])(
    "in a stream %s ends it with an event that says so, and never as if it were complete",
    async (_where, sent, start) => {
      running.market.behaviour = async function* () {
        yield running.market.head("text/event-stream");
        yield chunk(sent);
        throw new TestFault("ANSWER_BROKEN");
      };
      const raw = await rawRequest(body);
      const [, payload] = split(raw);
      expect(payload.text.startsWith(start)).toBe(true);
      expect(payload.text).toContain('"code":"ANSWER_BROKEN"');
      expect(payload.text.endsWith("\n\n")).toBe(true);
      expect(payload.isComplete).toBe(false);
      expect(running.lines.some(({ message }) => message === "answer broke after its first byte")).toBe(true);
    },
  );

  test("in a large JSON answer cuts the connection, without a byte that the provider did not send", async () => {
    running.market.behaviour = async function* () {
      yield running.market.head();
      yield chunk("x".repeat(300_000));
      throw new TestFault("ANSWER_BROKEN");
    };
    const [, payload] = split(await rawRequest(body));
    expect(payload.text).toMatch(/^x+$/);
    expect(payload.text.length).toBeLessThanOrEqual(300_000);
    expect(payload.isComplete).toBe(false);
  });
});

describe("a client that goes away", () => {
  /** Starts a request, waits until the market works on it, and hangs up. */
  async function hangUp(
    behaviour: (started: () => void, signal: AbortSignal) => AsyncIterable<InferResponse>,
  ): Promise<unknown> {
    const cancelled = Promise.withResolvers<unknown>();
    const started = Promise.withResolvers<void>();
    running.market.behaviour = (_request, { signal }) => {
      signal.addEventListener("abort", () => cancelled.resolve(signal.reason));
      return behaviour(started.resolve, signal);
    };
    const request = http.request(`${running.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${running.adminKey}`, "content-type": "application/json" },
    });
    request.on("error", () => undefined);
    request.end(body);
    await started.promise;
    request.destroy();
    return cancelled.promise;
  }

  test("before the first byte cancels the call", async () => {
    const reason = await hangUp(async function* (started) {
      started();
      yield running.market.head("text/event-stream");
      await new Promise(() => undefined);
    });
    expect(reason).toMatchObject({ code: "CANCELLED" });
  });

  test("in the middle of a stream cancels the call", async () => {
    const reason = await hangUp(async function* (started) {
      yield running.market.head("text/event-stream");
      yield chunk("data: 1\n\n");
      started();
      await new Promise(() => undefined);
    });
    expect(reason).toMatchObject({ code: "CANCELLED" });
  });

  test("leaves nothing in hand", async () => {
    await waitFor(async () => (await running.call("GET", "/v1/capabilities")).ok);
    await waitFor(() => running.gateway.health().status === "serving");
  });
});

describe("a client that reads slowly", () => {
  /** Sends a request on a bare socket that does not read until told. */
  async function connectPaused(gateway: RunningGateway): Promise<net.Socket> {
    const { port, hostname } = new URL(gateway.url);
    const socket = net.connect({ port: Number(port), host: hostname });
    await once(socket, "connect");
    socket.pause();
    socket.write(httpRequest(body, gateway.adminKey));
    return socket;
  }

  test("slows the provider down, and gets everything in the end", async () => {
    let produced = 0;
    const total = 400;
    // One that waits longer for a client than a busy machine takes for the looks below.
    const patient = await startGateway(postgres);
    patient.market.behaviour = async function* () {
      yield patient.market.head("text/event-stream");
      for (; produced < total; produced++) yield chunk(`data: ${"x".repeat(50_000)}\n\n`);
    };
    const socket = await connectPaused(patient);
    // Kernel buffers take some megabytes of the twenty.
    const stalledAt = await steady(() => produced);
    expect(stalledAt).toBeGreaterThan(0);
    expect(stalledAt).toBeLessThan(total);
    const chunks: Buffer[] = [];
    let tail = "";
    socket.on("data", (data) => {
      chunks.push(data);
      tail = (tail + data.subarray(-7).toString("latin1")).slice(-7);
    });
    socket.resume();
    await waitFor(() => tail === "\r\n0\r\n\r\n");
    socket.destroy();
    await patient.stop();
    expect(split(Buffer.concat(chunks))[1].text.length).toBe(total * 50_008);
  });

  test("or not at all is given up, and the call cancelled", async () => {
    const cancelled = Promise.withResolvers<unknown>();
    running.market.behaviour = async function* (_request, { signal }) {
      signal.addEventListener("abort", () => cancelled.resolve(signal.reason));
      yield running.market.head("text/event-stream");
      for (;;) yield chunk(`data: ${"x".repeat(50_000)}\n\n`);
    };
    const socket = await connectPaused(running);
    expect(await cancelled.promise).toMatchObject({ code: "CANCELLED" });
    socket.destroy();
  });
});

/** The value once it has not changed for some looks in a row. */
async function steady(read: () => number): Promise<number> {
  let last = -1;
  let looks = 0;
  return waitFor(() => {
    const now = read();
    looks = now === last && now > 0 ? looks + 1 : 0;
    last = now;
    return looks >= 20 ? now : undefined;
  });
}

function httpRequest(text: string, key = running.adminKey): string {
  return [
    "POST /v1/chat/completions HTTP/1.1",
    "host: test",
    `authorization: Bearer ${key}`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(text)}`,
    "",
    text,
  ].join("\r\n");
}

/** Everything the server sends until it closes the connection. */
async function rawRequest(text: string): Promise<Buffer> {
  const { port, hostname } = new URL(running.url);
  const socket = net.connect({ port: Number(port), host: hostname });
  const chunks: Buffer[] = [];
  socket.on("data", (data) => chunks.push(data));
  socket.on("error", () => undefined);
  socket.write(httpRequest(text));
  await once(socket, "close");
  return Buffer.concat(chunks);
}

/** Takes a chunked answer apart by hand, to see whether its last chunk is there. */
function split(raw: Buffer): [head: string, payload: { text: string; isComplete: boolean }] {
  const at = raw.indexOf("\r\n\r\n");
  let rest = raw.subarray(at + 4);
  const parts: Buffer[] = [];
  for (;;) {
    const end = rest.indexOf("\r\n");
    const size = end === -1 ? Number.NaN : Number.parseInt(rest.subarray(0, end).toString(), 16);
    const text = () => Buffer.concat(parts).toString("latin1");
    if (Number.isNaN(size)) return [raw.subarray(0, at).toString(), { text: text(), isComplete: false }];
    if (size === 0) return [raw.subarray(0, at).toString(), { text: text(), isComplete: true }];
    parts.push(rest.subarray(end + 2, end + 2 + size));
    rest = rest.subarray(end + 4 + size);
  }
}
