import { createHash } from "node:crypto";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { emptyRequestsHash, requestsHash } from "./requests.ts";

const sha256 = (bytes: Uint8Array): Buffer => createHash("sha256").update(bytes).digest();

test("no requests, and requests without data, have the hash of nothing", () => {
  expect(requestsHash([])).toBe(emptyRequestsHash);
  expect(requestsHash([Uint8Array.of(0), Uint8Array.of(1), Uint8Array.of(2)])).toBe(emptyRequestsHash);
});

test("the hash is that of the hashes (EIP-7685)", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ minLength: 2, maxLength: 100 }), { maxLength: 3 }), (requests) => {
      const expected = sha256(Buffer.concat(requests.map(sha256))).toString("hex");
      expect(requestsHash(requests)).toBe(`0x${expected}`);
      expect(requestsHash([...requests, Uint8Array.of(2)])).toBe(`0x${expected}`);
    }),
  );
});
