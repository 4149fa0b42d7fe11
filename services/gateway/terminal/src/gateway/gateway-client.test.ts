import { describe, expect, test } from "@jest/globals";
import { GatewayCallError, type GatewayFault } from "./fault.ts";
import { faultFromResponse } from "./fault-from-response.ts";
import { describeFault } from "./fault-text.ts";
import { GatewayClient } from "./gateway-client.ts";

const signal = new AbortController().signal;

function clientAnswering(answer: () => Response | Promise<Response>, key: string | null = "sk-koinon-test") {
  const calls: { path: string; init: RequestInit }[] = [];
  const client = new GatewayClient({
    fetch: async (path, init) => {
      calls.push({ path, init });
      return answer();
    },
    apiKey: () => key,
  });
  return { client, calls, headers: () => new Headers(calls.at(-1)?.init.headers) };
}

async function faultOfCall(call: Promise<unknown>): Promise<GatewayFault> {
  try {
    await call;
  } catch (error) {
    if (error instanceof GatewayCallError) return error.fault;
    throw error;
  }
  throw new Error("nothing was thrown");
}

const json = (value: unknown, status = 200): Response => Response.json(value, { status });

describe("gateway client", () => {
  test("sends the key, and nothing where none is needed", async () => {
    const { client, calls, headers } = clientAnswering(() =>
      json({ limit: "5", spent: "1", reserved: "0", available: "4" }),
    );
    expect(await client.getBudget(signal)).toEqual({ limit: 5n, spent: 1n, reserved: 0n, available: 4n });
    expect(headers().get("authorization")).toBe("Bearer sk-koinon-test");
    await client.getTrustFile(signal);
    expect(calls.at(-1)?.path).toBe("/trust.json");
    expect(headers().has("authorization")).toBe(false);
  });

  test("without a key nothing is called", async () => {
    const { client, calls } = clientAnswering(() => json({}), null);
    expect(await faultOfCall(client.getBudget(signal))).toEqual({ code: "NO_KEY" });
    expect(calls).toEqual([]);
  });

  test("a chat body goes out as the very bytes", async () => {
    const { client, calls, headers } = clientAnswering(() => new Response("data: [DONE]\n\n"));
    const body = new TextEncoder().encode('{"a":1}');
    await client.postChat(body, { "x-koinon-prefer": "latency" }, signal);
    expect(calls[0]?.init.body).toBe(body);
    expect([headers().get("x-koinon-prefer"), headers().get("content-type")]).toEqual(["latency", "application/json"]);
  });

  test("a mutation names itself, so that it happens once", async () => {
    const key = {
      id: "0".repeat(16),
      name: "n",
      prefix: "p",
      scopes: [],
      created_at: 1,
      expires_at: null,
      revoked_at: null,
    };
    const answer = { ...key, requests_per_minute: null, budget: null, key: "sk-koinon-new" };
    const { client, calls, headers } = clientAnswering(() => json(answer, 201));
    const wanted = { name: "n", budget: 7n, scopes: ["inference"], requestsPerMinute: null, expiresAt: null } as const;
    expect(await client.createApiKey(wanted, "creation-1", { signal, apiKey: "sk-koinon-admin" })).toMatchObject({
      key: "sk-koinon-new",
    });
    expect(headers().get("idempotency-key")).toBe("creation-1");
    expect(headers().get("authorization")).toBe("Bearer sk-koinon-admin");
    expect(JSON.parse(String(calls[0]?.init.body))).toEqual({ name: "n", budget: "7", scopes: ["inference"] });
  });

  test.each([
    ["a number for an amount", { limit: 5, spent: "0", reserved: "0", available: "0" }, "/v1/budget.limit"],
    ["a negative amount", { limit: "-5", spent: "0", reserved: "0", available: "0" }, "/v1/budget.limit"],
    ["a member that is missing", { limit: "5", spent: "0", reserved: "0" }, "/v1/budget.available"],
    ["a list", [], "/v1/budget.limit"],
    ["null", null, "/v1/budget"],
  ])("%s is not understood, and said where", async (_name, value, where) => {
    const { client } = clientAnswering(() => json(value));
    expect(await faultOfCall(client.getBudget(signal))).toEqual({ code: "ANSWER_NOT_UNDERSTOOD", where });
  });

  test("something that is not JSON is not understood", async () => {
    const { client } = clientAnswering(() => new Response("<html>"));
    expect(await faultOfCall(client.getBudget(signal))).toEqual({ code: "ANSWER_NOT_UNDERSTOOD", where: "/v1/budget" });
  });

  test("a connection that fails is unreachable; an abort stays an abort", async () => {
    const { client } = clientAnswering(() => Promise.reject(new TypeError("Failed to fetch")));
    expect(await faultOfCall(client.getBudget(signal))).toEqual({ code: "UNREACHABLE" });
    await expect(client.getBudget(AbortSignal.abort())).rejects.toMatchObject({ name: "AbortError" });
  });

  test("a bundle that is too large is not taken", async () => {
    const { client } = clientAnswering(() => new Response(new Uint8Array((1 << 20) + 1)));
    expect(await faultOfCall(client.getBundle("req_1", "auto", signal))).toMatchObject({
      code: "ANSWER_NOT_UNDERSTOOD",
    });
  });
});

describe("faults", () => {
  const error = (code: string) => ({ error: { message: "In words.", type: "x", param: null, code } });

  test.each([
    [401, "INVALID_API_KEY", { code: "KEY_REFUSED", reason: "In words." }],
    [402, "INSUFFICIENT_FUNDS", { code: "BUDGET_EXHAUSTED", reason: "In words." }],
    [403, "MISSING_SCOPE", { code: "NOT_ALLOWED", reason: "In words." }],
    [404, "UNKNOWN_RECEIPT", { code: "NOT_FOUND", reason: "In words." }],
    [409, "NO_RECEIPT", { code: "NO_RECEIPT", reason: "In words." }],
    [429, "RATE_LIMITED", { code: "RATE_LIMITED", retryAfterMs: 7_000 }],
    [501, "MODULE_DISABLED", { code: "MODULE_DISABLED", reason: "In words." }],
    [502, "UPSTREAM_BROKEN", { code: "PROVIDER_FAILED", status: 502, reason: "In words." }],
    [503, "NOT_LOGGED_YET", { code: "NOT_LOGGED_YET", retryAfterMs: 7_000 }],
    [503, "OVERLOADED", { code: "OVERLOADED", reason: "In words.", retryAfterMs: 7_000 }],
    [400, "INVALID_REQUEST", { code: "REFUSED", status: 400, reason: "In words.", param: null }],
  ] as const)("%i %s", (status, code, fault) => {
    const read = faultFromResponse(status, new Headers({ "retry-after": "7" }), error(code));
    expect(read).toEqual(fault);
    const { title, advice } = describeFault(read);
    expect(title.length).toBeGreaterThan(3);
    expect(advice.length).toBeGreaterThan(3);
  });

  test.each([
    [{}, 2_000],
    [{ "retry-after-ms": "340", "retry-after": "9" }, 340],
    [{ "retry-after": "Wed, 21 Oct 2026 07:28:00 GMT" }, 2_000],
    [{ "retry-after": "-5" }, 250],
    [{ "retry-after": "999999" }, 600_000],
  ])("retry after %p is %i ms", (headers, retryAfterMs) => {
    expect(faultFromResponse(429, new Headers(headers as Record<string, string>), null)).toEqual({
      code: "RATE_LIMITED",
      retryAfterMs,
    });
  });

  test.each([null, 7, "x", [], {}, { error: "x" }, { error: { message: 7 } }])(
    "a body such as %p still makes a fault",
    (body) => {
      expect(faultFromResponse(500, new Headers(), body)).toEqual({
        code: "PROVIDER_FAILED",
        status: 500,
        reason: "The gateway answered 500.",
      });
    },
  );
});
