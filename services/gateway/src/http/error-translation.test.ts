import { describe, expect, test } from "@jest/globals";
import { DatabaseError } from "@koinon/postgres/database-error";
import { PageTokenError } from "@koinon/postgres/page-token";
import { RpcError } from "@koinon/rpc/rpc-error";
import { type ErrorStatus, statusCodes } from "@koinon/rpc/status";
import { GatewayError, type GatewayFault } from "../errors.ts";
import { httpErrorFromThrown } from "./error-translation.ts";
import { errorBody, errorHeaders } from "./http-error.ts";

const limits = { bodyBytesMax: 1000 };
const statuses = (Object.keys(statusCodes) as (keyof typeof statusCodes)[]).filter(
  (name) => name !== "OK",
) as ErrorStatus[];

// One of each; the compiler checks that none is missing.
const faults: { [C in GatewayFault["code"]]: [Extract<GatewayFault, { code: C }>, number] } = {
  INVALID_API_KEY: [{ code: "INVALID_API_KEY" }, 401],
  KEY_REVOKED: [{ code: "KEY_REVOKED", key: "k" }, 401],
  KEY_EXPIRED: [{ code: "KEY_EXPIRED", key: "k" }, 401],
  KEY_NOT_READY: [{ code: "KEY_NOT_READY", key: "k" }, 503],
  MISSING_SCOPE: [{ code: "MISSING_SCOPE", scope: "admin" }, 403],
  RATE_LIMITED: [{ code: "RATE_LIMITED", limit: 5, retryAfterMs: 1_200 }, 429],
  OVERLOADED: [{ code: "OVERLOADED" }, 503],
  INVALID_JSON: [{ code: "INVALID_JSON" }, 400],
  INVALID_REQUEST: [{ code: "INVALID_REQUEST", param: "n", reason: "too many" }, 400],
  BODY_TOO_LARGE: [{ code: "BODY_TOO_LARGE", limitBytes: 5 }, 413],
  UNSUPPORTED_MEDIA_TYPE: [{ code: "UNSUPPORTED_MEDIA_TYPE", accepted: "application/json" }, 415],
  ROUTE_NOT_FOUND: [{ code: "ROUTE_NOT_FOUND", method: "GET", path: "/x" }, 404],
  MODEL_UNKNOWN: [{ code: "MODEL_UNKNOWN", model: "m" }, 404],
  MANIFEST_UNKNOWN: [{ code: "MANIFEST_UNKNOWN", manifest: "0x" }, 404],
  KEY_UNKNOWN: [{ code: "KEY_UNKNOWN", key: "k" }, 404],
  KEY_NOT_REVOKED: [{ code: "KEY_NOT_REVOKED", key: "k" }, 409],
  RECEIPT_UNKNOWN: [{ code: "RECEIPT_UNKNOWN", id: "r" }, 404],
  NO_RECEIPT: [{ code: "NO_RECEIPT", id: "r", state: "voided" }, 409],
  NOT_LOGGED_YET: [{ code: "NOT_LOGGED_YET", id: "r", retryAfterMs: 1 }, 503],
  NOT_ANCHORED_YET: [{ code: "NOT_ANCHORED_YET", id: "r", retryAfterMs: 1 }, 503],
  REQUEST_ID_REUSED: [{ code: "REQUEST_ID_REUSED", requestId: "r" }, 409],
  MODULE_DISABLED: [{ code: "MODULE_DISABLED", module: "poi" }, 501],
  STORE_UNAVAILABLE: [{ code: "STORE_UNAVAILABLE" }, 503],
  UPSTREAM_BROKEN: [{ code: "UPSTREAM_BROKEN", cut: "no head" }, 502],
};

describe("the error table", () => {
  test("gives every fault of the edge a status, words, and a retry time where a retry may help", () => {
    for (const [fault, status] of Object.values(faults)) {
      const error = httpErrorFromThrown(new GatewayError(fault), limits);
      expect(error).toMatchObject({ status, code: fault.code });
      expect(error.message).toMatch(/^[A-Za-z].*[.…]$/);
      expect([fault.code, error.retryAfterMs !== undefined]).toEqual([fault.code, status === 429 || status === 503]);
      expect(errorBody(error)).toEqual({
        error: { message: error.message, type: error.type, param: error.param, code: fault.code },
      });
    }
  });

  test("gives every gRPC status an answer, also for codes that nobody has heard of", () => {
    for (const status of statuses) {
      const error = httpErrorFromThrown(new RpcError("SOMETHING_NEW", { status }), limits);
      expect([status, error.status]).toEqual([status, expect.any(Number)]);
      expect(error.status).toBeGreaterThanOrEqual(400);
      expect(error.code).toBe("SOMETHING_NEW");
    }
  });

  test("tells the facts of a refusal, and none of a failure", () => {
    const refusal = new RpcError("INSUFFICIENT_FUNDS", { status: "FAILED_PRECONDITION", facts: { needed: "5" } });
    expect(httpErrorFromThrown(refusal, limits)).toMatchObject({
      status: 402,
      type: "insufficient_quota",
      message: expect.stringContaining("needed: 5"),
    });
    const failure = new RpcError("PROVIDERS_FAILED", { status: "UNAVAILABLE", facts: { endpoint: "10.0.0.7:7000" } });
    expect(JSON.stringify(httpErrorFromThrown(failure, limits))).not.toContain("10.0.0.7");
    const field = new RpcError("FIELD_INVALID", {
      status: "INVALID_ARGUMENT",
      facts: { field: "amount", reason: "zero" },
    });
    expect(httpErrorFromThrown(field, limits)).toMatchObject({ status: 400, param: "amount" });
  });

  test("takes the service's own retry time before its own guess", () => {
    const told = new RpcError("NO_PROVIDER_AVAILABLE", { status: "UNAVAILABLE", retryAfterMs: 2_400 });
    const error = httpErrorFromThrown(told, limits);
    expect(errorHeaders(error)).toEqual({ "retry-after": "3", "retry-after-ms": "2400" });
    const untold = httpErrorFromThrown(new RpcError("NO_PROVIDER_AVAILABLE", { status: "UNAVAILABLE" }), limits);
    expect(errorHeaders(untold)).toEqual({ "retry-after": "1", "retry-after-ms": "1000" });
  });

  test("a service that refuses the gateway is not the client's fault", () => {
    for (const reason of ["CALLER_REFUSED", "METHOD_UNKNOWN", "MESSAGE_MALFORMED"]) {
      const error = httpErrorFromThrown(new RpcError(reason, { status: "PERMISSION_DENIED" }), limits);
      expect([reason, error.status]).toEqual([reason, 502]);
    }
  });

  test("a database that does not answer is a passing failure, a foreign page token the client's mistake", () => {
    const down = new DatabaseError({ code: "DATABASE_UNREACHABLE", reason: "ECONNREFUSED 10.0.0.5" });
    expect(httpErrorFromThrown(down, limits)).toMatchObject({
      status: 503,
      code: "STORE_UNAVAILABLE",
      retryAfterMs: expect.any(Number),
    });
    expect(httpErrorFromThrown(new PageTokenError({ code: "PAGE_TOKEN_INVALID" }), limits)).toMatchObject({
      status: 400,
      param: "page_token",
    });
  });

  test("what nobody foresaw is told nothing about", () => {
    for (const thrown of [new Error("secret"), new TypeError("secret"), "secret", undefined, { message: "secret" }]) {
      const error = httpErrorFromThrown(thrown, limits);
      expect(error).toMatchObject({ status: 500, code: "INTERNAL", type: "server_error" });
      expect(JSON.stringify(error)).not.toContain("secret");
    }
  });
});
