import { createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { SeededRandom } from "@koinon/testkit/seeded-random";
import fc from "fast-check";
import {
  apiKeyHash,
  createApiKey,
  createApiKeyFromHeader,
  createApiKeyFromText,
  generateApiKey,
  isApiKeyOf,
  isKeyId,
} from "./api-key.ts";

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

describe("API keys", () => {
  test("a key names its id and is found again in text and header", () => {
    fc.assert(
      fc.property(bytes(8), bytes(32), (id, secret) => {
        const key = createApiKey(id, secret);
        expect(key.text).toBe(
          `sk-koinon-${Buffer.from(id).toString("hex")}-${Buffer.from(secret).toString("base64url")}`,
        );
        expect(createApiKeyFromText(key.text)).toEqual(key);
        expect(createApiKeyFromHeader(`Bearer ${key.text}`)).toEqual(key);
        expect(createApiKeyFromHeader(`bearer ${key.text}`)).toEqual(key);
      }),
    );
  });

  test("only the exact key matches its hash", () => {
    const { text } = generateApiKey(new SeededRandom("match"));
    const hash = apiKeyHash(text);
    expect(Buffer.from(hash).toString("hex")).toBe(createHash("sha256").update(text).digest("hex"));
    expect(isApiKeyOf(text, hash)).toBe(true);
    for (let at = 0; at < text.length; at++) {
      const other = `${text.slice(0, at)}${text[at] === "A" ? "B" : "A"}${text.slice(at + 1)}`;
      expect([at, isApiKeyOf(other, hash)]).toEqual([at, false]);
    }
    expect(isApiKeyOf(text, hash.subarray(0, 31))).toBe(false);
  });

  test("what is not a key is none", () => {
    const { text, id } = generateApiKey(new SeededRandom("none"));
    const wrong = [
      "",
      text.slice(0, -1),
      `${text}A`,
      text.replace("sk-koinon-", "sk-openai-"),
      text.replace(id, id.toUpperCase().replace(/[0-9]/g, "A")),
      text.replace(`${id}-`, `${id}_`),
    ];
    for (const candidate of wrong) expect([candidate, createApiKeyFromText(candidate)]).toEqual([candidate, undefined]);
    for (const header of [undefined, text, `Basic ${text}`, `Bearer  ${text}`, `Bearer ${text} `]) {
      expect([header, createApiKeyFromHeader(header)]).toEqual([header, undefined]);
    }
  });

  test("ids are 16 lower-case hex digits", () => {
    expect(isKeyId("0123456789abcdef")).toBe(true);
    for (const id of [
      "0123456789abcde",
      "0123456789abcdef0",
      "0123456789ABCDEF",
      "0123456789abcdeg",
      "../../etc/passwd",
    ]) {
      expect([id, isKeyId(id)]).toEqual([id, false]);
    }
  });

  test("keys take their whole randomness", () => {
    expect(() => createApiKey(new Uint8Array(7), new Uint8Array(32))).toThrow(RangeError);
    expect(() => createApiKey(new Uint8Array(8), new Uint8Array(31))).toThrow(RangeError);
  });
});
