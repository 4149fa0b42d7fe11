import { createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { bytesToHex } from "@koinon/secp256k1/hex";
import fc from "fast-check";
import { commitmentOf, digestOf } from "./commitment.ts";
import { isRequestId, requestIdFromHeader, requestIdToHeader } from "./request-id.ts";

describe("request ids", () => {
  test("header text and 32 bytes", () => {
    const header = "req_000102030405060708090a0b0c0d0e0f";
    const id = requestIdFromHeader(header);
    expect(id).toBe(`0x${"00".repeat(16)}000102030405060708090a0b0c0d0e0f`);
    expect(isRequestId(id)).toBe(true);
    expect(requestIdToHeader(id)).toBe(header);
  });

  test.each([
    "",
    "req_",
    `req_${"a".repeat(31)}`,
    `req_${"a".repeat(33)}`,
    `req_${"A".repeat(32)}`,
    `REQ_${"a".repeat(32)}`,
    `req_${"a".repeat(32)}\n`,
    "a".repeat(36),
  ])("%j is not a request id", (header) => {
    expect(() => requestIdFromHeader(header)).toThrow("request-id");
  });

  test("an id with high bytes has no header", () => {
    expect(() => requestIdToHeader(`0x${"01".repeat(32)}`)).toThrow("request-id");
    expect(() => requestIdToHeader("0x")).toThrow("request-id");
  });
});

test("a commitment is SHA-256 over blinding and digest", () => {
  const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
  fc.assert(
    fc.property(bytes32, fc.uint8Array({ maxLength: 300 }), (blinding, body) => {
      const digest = createHash("sha256").update(body).digest();
      const commitment = createHash("sha256").update(blinding).update(digest).digest("hex");
      expect(digestOf(body)).toBe(bytesToHex(digest));
      expect(commitmentOf({ blinding: bytesToHex(blinding), digest: digestOf(body) })).toBe(`0x${commitment}`);
    }),
  );
});
