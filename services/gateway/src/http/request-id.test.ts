import { describe, expect, test } from "@jest/globals";
import { requestIdFromHeader } from "@koinon/receipts/request-id";
import { SeededRandom } from "@koinon/testkit/seeded-random";
import { idempotentRequestId, lookupIdToBytes, RequestIds, requestIdToBytes } from "./request-id.ts";

describe("request ids", () => {
  test("are fresh, and stand right-aligned in 32 bytes", () => {
    const ids = new RequestIds({ random: new SeededRandom("ids") });
    const drawn = Array.from({ length: 1_000 }, () => ids.next());
    expect(new Set(drawn).size).toBe(1_000);
    for (const id of drawn) {
      expect(id).toMatch(/^req_[0-9a-f]{32}$/);
      expect(`0x${requestIdToBytes(id).toString("hex")}`).toBe(requestIdFromHeader(id));
    }
  });

  test("the same idempotency key of the same API key is the same request, else another", () => {
    const secret = new Uint8Array(32).fill(1);
    const id = idempotentRequestId(secret, "00112233aabbccdd", "order-1");
    expect(id).toMatch(/^req_[0-9a-f]{32}$/);
    expect(idempotentRequestId(secret, "00112233aabbccdd", "order-1")).toBe(id);
    expect(idempotentRequestId(secret, "00112233aabbccdd", "order-2")).not.toBe(id);
    expect(idempotentRequestId(secret, "00112233aabbccde", "order-1")).not.toBe(id);
    expect(idempotentRequestId(new Uint8Array(32).fill(2), "00112233aabbccdd", "order-1")).not.toBe(id);
  });

  test("a request is looked up by request id or receipt id", () => {
    const hex = "00112233445566778899aabbccddeeff";
    expect(lookupIdToBytes(`req_${hex}`)?.toString("hex")).toBe("0".repeat(32) + hex);
    expect(lookupIdToBytes(`0x${hex}${hex}`)?.toString("hex")).toBe(hex + hex);
    for (const id of ["", hex, `req_${hex}0`, `req_${hex.toUpperCase()}`, `0x${hex}`]) {
      expect([id, lookupIdToBytes(id)]).toEqual([id, undefined]);
    }
  });
});
