import { describe, expect, test } from "@jest/globals";
import { DomainError } from "@koinon/errors/domain-error";
import fc from "fast-check";
import { bindService, type FaultRule } from "../src/binding.ts";
import { rpcErrorFromThrown } from "../src/fault-mapping.ts";
import { RpcError, transportError } from "../src/rpc-error.ts";
import { type ErrorStatus, statusCodes } from "../src/status.ts";
import { decodeRpcError, encodeRpcError } from "../src/status-details.ts";
import { createEchoService, EchoWitness, echoRequest } from "./echo-service.ts";
import { EchoServiceDefinition } from "./gen/echo.ts";
import { inProcess, mutualTls, unixSocket } from "./transports.ts";

const statuses = Object.keys(statusCodes).filter((name) => name !== "OK") as ErrorStatus[];
const code = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,40}[A-Z0-9]$/);
const factName = fc.stringMatching(/^[a-z][a-zA-Z0-9]{0,20}$/).filter((name) => name !== "code");
const factValue = fc.oneof(fc.string({ unit: "binary", maxLength: 60 }), fc.bigInt(), fc.integer(), fc.boolean());
const facts = fc.dictionary(factName, factValue, { maxKeys: 6, noNullPrototype: true });
const rule: fc.Arbitrary<FaultRule> = fc.oneof(
  fc.constantFrom(...statuses),
  fc.record({ status: fc.constantFrom(...statuses), retryAfterMs: fc.integer({ min: 0, max: 10_000_000 }) }),
);

/** How facts look when they have travelled: text, and only Unicode that UTF-8 can carry. */
function travelled(given: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, String(value).toWellFormed()]));
}

function visible(error: RpcError) {
  return { code: error.code, facts: error.facts, status: error.status, retryAfterMs: error.retryAfterMs };
}

describe("google.rpc.Status", () => {
  test("every fault survives it", () => {
    fc.assert(
      fc.property(code, facts, rule, (reason, given, how) => {
        const { status, retryAfterMs } = typeof how === "string" ? { status: how, retryAfterMs: undefined } : how;
        const error = new RpcError(reason, {
          status,
          facts: travelled(given),
          ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
        });
        const back = decodeRpcError(encodeRpcError(error));
        expect(back === undefined ? undefined : visible(back)).toEqual(visible(error));
      }),
    );
  });

  test("facts are bounded so that a trailer can carry them", () => {
    const error = new RpcError("LARGE", { status: "INTERNAL", facts: { a: "x".repeat(2000), b: "y".repeat(3000) } });
    const bytes = encodeRpcError(error);
    expect(bytes.length).toBeLessThan(5_000);
    expect(decodeRpcError(bytes)?.facts).toEqual({ a: "x".repeat(2000) });
  });

  test("other domains' details and arbitrary bytes are no fault of ours", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        let decoded: unknown;
        try {
          decoded = decodeRpcError(bytes);
        } catch (error) {
          decoded = error;
        }
        expect(decoded === undefined || decoded instanceof Error).toBe(true);
      }),
    );
  });
});

describe("what a caller sees of what a handler throws", () => {
  class ShopError extends DomainError<{ code: "SOLD_OUT"; item: string } | { code: "OTHER" }> {}
  const faults = { SOLD_OUT: "FAILED_PRECONDITION" } as const;

  test("listed faults by the table, all else INTERNAL without facts", () => {
    expect(visible(rpcErrorFromThrown(new ShopError({ code: "SOLD_OUT", item: "tea" }), faults))).toEqual({
      code: "SOLD_OUT",
      facts: { item: "tea" },
      status: "FAILED_PRECONDITION",
      retryAfterMs: undefined,
    });
    for (const thrown of [
      new ShopError({ code: "OTHER" }),
      new Error("x"),
      "text",
      undefined,
      null,
      { code: "SOLD_OUT" },
    ]) {
      expect(visible(rpcErrorFromThrown(thrown, faults))).toMatchObject({ code: "INTERNAL", facts: {} });
    }
  });

  test("codes are not looked up in what every object inherits", () => {
    for (const inherited of ["constructor", "toString", "__proto__"]) {
      expect(rpcErrorFromThrown(new DomainError({ code: inherited }), faults).code).toBe("INTERNAL");
    }
  });

  test("of an outgoing call's failures only those that mean the same pass", () => {
    for (const reason of ["UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED", "OVERLOADED", "DRAINING"] as const) {
      expect(rpcErrorFromThrown(transportError(reason), faults).code).toBe(reason);
    }
    for (const reason of ["CALLER_REFUSED", "METHOD_UNKNOWN", "MESSAGE_TOO_LARGE", "INTERNAL"] as const) {
      expect(rpcErrorFromThrown(transportError(reason), faults).code).toBe("INTERNAL");
    }
  });
});

test("random faults arrive the same over every transport", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.tuple(code, facts, rule), { minLength: 1, maxLength: 30, selector: ([reason]) => reason }),
      async (thrown) => {
        const table = Object.fromEntries(thrown.map(([reason, , how]) => [reason, how]));
        const raise = async ({ text }: { text: string }): Promise<never> => {
          const [reason = "", given] = thrown[Number(text)] ?? [];
          throw new DomainError({ ...given, code: reason });
        };
        const echo = createEchoService(new EchoWitness());
        const binding = bindService({
          definition: EchoServiceDefinition,
          callers: "any",
          faults: table,
          handlers: {
            ...(echo.handlers as Parameters<typeof bindService<EchoServiceDefinition>>[0]["handlers"]),
            unary: raise,
            // biome-ignore lint/correctness/useYield: a stream that fails before its first answer
            download: async function* (request) {
              await raise(request);
            },
          },
        });
        const seen = [];
        for (const transport of [inProcess, unixSocket, mutualTls]) {
          const { client, close } = await transport.serve(binding);
          const errors = [];
          for (const index of thrown.keys()) {
            const request = echoRequest({ text: String(index) });
            for (const attempt of [client.unary(request), client.download(request)[Symbol.asyncIterator]().next()]) {
              errors.push(await (attempt as Promise<unknown>).then(() => undefined, visible));
            }
          }
          seen.push(errors);
          await close();
        }
        const expected = thrown.flatMap(([reason, given, how]) => {
          const { status, retryAfterMs } = typeof how === "string" ? { status: how, retryAfterMs: undefined } : how;
          const error = { code: reason, facts: travelled(given), status, retryAfterMs };
          return [error, error];
        });
        for (const errors of seen) expect(errors).toEqual(expected);
      },
    ),
    { numRuns: 8 },
  );
});
