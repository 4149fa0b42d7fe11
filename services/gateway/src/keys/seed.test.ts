import { hkdfSync } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { createSigner } from "@koinon/secp256k1/ecdsa";
import { generateApiKey } from "./api-key.ts";
import { Seed } from "./seed.ts";

const seed = () => new Seed(new Uint8Array(32).fill(7));

describe("the gateway's seed", () => {
  test("an address is that of the key which HKDF-SHA256 derives under the documented label", () => {
    const secret = hkdfSync("sha256", new Uint8Array(32).fill(7), "", "koinon/gateway/consumer/1/00112233aabbccdd", 32);
    expect(seed().consumerAddress("00112233aabbccdd")).toBe(createSigner(new Uint8Array(secret)).address);
  });

  test("every purpose and every key has a secret of its own", () => {
    const values = [
      Buffer.from(seed().idempotencySecret()).toString("hex"),
      Buffer.from(seed().pageTokenKey()).toString("hex"),
      seed().consumerAddress("0000000000000000"),
      seed().consumerAddress("0000000000000001"),
      new Seed(new Uint8Array(32).fill(8)).consumerAddress("0000000000000000"),
    ];
    expect(new Set(values).size).toBe(values.length);
  });

  test("a named creation draws the same key again, and another name or creator another", () => {
    const draw = (creator: string, creation: string) =>
      generateApiKey(seed().creationRandomness(creator, creation)).text;
    expect(draw("a", "b")).toBe(draw("a", "b"));
    expect(new Set([draw("a", "b"), draw("a", "c"), draw("b", "b"), draw("a\0b", ""), draw("a", "\0b")]).size).toBe(5);
  });

  test("a seed has 32 bytes", () => {
    expect(() => new Seed(new Uint8Array(31))).toThrow("32 bytes");
  });
});
