import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { PageTokens } from "./page-token.ts";

const key = Buffer.alloc(32, 7);
const tokens = new PageTokens({ key });
const query = { account: "alice", since: 5n, regions: ["eu", "us"] };
const invalid = expect.objectContaining({ fault: { code: "PAGE_TOKEN_INVALID" } });

describe("PageTokens", () => {
  test("gives the position back to the same list and query, whatever the order of its members", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 40 }), { maxLength: 4 }), (position) => {
        const token = tokens.issue("settlements", query, position);
        const reordered = { regions: ["eu", "us"], since: 5n, account: "alice", absent: undefined };
        expect(new PageTokens({ key }).open("settlements", reordered, token)).toEqual(position);
        expect(token).toMatch(/^[A-Za-z0-9_-]+$/);
      }),
    );
    expect(tokens.open("settlements", query, "")).toBeUndefined();
  });

  test("another list, query or key does not open it", () => {
    const token = tokens.issue("settlements", query, ["42"]);
    expect(() => tokens.open("providers", query, token)).toThrow(invalid);
    expect(() => tokens.open("settlements", { ...query, account: "bob" }, token)).toThrow(invalid);
    expect(() => tokens.open("settlements", { ...query, regions: ["eu,us"] }, token)).toThrow(invalid);
    expect(() => tokens.open("settlements", { ...query, more: "x" }, token)).toThrow(invalid);
    expect(() => new PageTokens({ key: Buffer.alloc(32, 8) }).open("settlements", query, token)).toThrow(invalid);
  });

  test("no changed character opens it", () => {
    const token = tokens.issue("settlements", query, ["42", "a"]);
    for (let index = 0; index < token.length; index += 1) {
      for (const other of ["A", "b", "-", "=", "~"]) {
        if (token[index] === other) continue;
        const changed = token.slice(0, index) + other + token.slice(index + 1);
        expect(() => tokens.open("settlements", query, changed)).toThrow(invalid);
      }
    }
    expect(() => tokens.open("settlements", query, token.slice(0, -1))).toThrow(invalid);
    expect(() => tokens.open("settlements", query, `${token}AAAA`)).toThrow(invalid);
    expect(() => tokens.open("settlements", query, "A".repeat(3_000))).toThrow(invalid);
  });

  test("needs a real key", () => {
    expect(() => new PageTokens({ key: Buffer.alloc(31) })).toThrow("32 bytes");
  });
});
