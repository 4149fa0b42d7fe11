import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { canonicalJson, canonicalJsonBytes } from "./canonicalize.ts";
import { JsonError } from "./fault.ts";
import type { JsonValue } from "./json-value.ts";
import { parseStrictJson } from "./parse-strict.ts";

const limits = { maxBytes: 1 << 20 };
const parse = (text: string): JsonValue => parseStrictJson(new TextEncoder().encode(text), limits);

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof JsonError) return error.code;
    throw error;
  }
  return "accepted";
}

describe("parseStrictJson", () => {
  test("reads what the canonical writer writes, with or without white space and in any member order", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (generated) => {
        const value = generated as JsonValue;
        const expected: unknown = JSON.parse(canonicalJson(value));
        expect(parseStrictJson(canonicalJsonBytes(value), limits)).toEqual(expected);
        expect(parse(JSON.stringify(JSON.parse(JSON.stringify(value)), null, "\t"))).toEqual(expected);
      }),
      { numRuns: 500 },
    );
    expect(parse(' { "b" : [ 1 , 2.5 ] ,\r\n "a" : null } ')).toEqual({ b: [1, 2.5], a: null });
  });

  test("keeps a member called __proto__ as data", () => {
    const value = parse('{"__proto__":{"polluted":true}}');
    expect(Object.keys(value as object)).toEqual(["__proto__"]);
    expect(canonicalJson(value)).toBe('{"__proto__":{"polluted":true}}');
    expect(codeOf(() => parse('{"__proto__":1,"__proto__":2}'))).toBe("JSON_DUPLICATE_MEMBER");
  });

  test.each([
    ["1.0"],
    ["1e3"],
    ["1E5"],
    ["-0"],
    ["0.10"],
    ["1e400"],
    ["9007199254740993"],
    ["0.1e1"],
    ["1e21"],
    ['"\\u0041"'],
    ['"\\/"'],
    ['"\\u000A"'],
    ['"\\u001F"'],
    ['"\\ud800"'],
    ['"\\ud83d\\ude02"'],
    ['{"\\u0061":1}'],
  ])("refuses the other spelling %s", (text) => {
    expect(codeOf(() => parse(text))).toBe("JSON_NOT_CANONICAL");
  });

  test.each([
    [""],
    [" "],
    ["01"],
    ["+1"],
    [".5"],
    ["1."],
    ["-"],
    ["1-1"],
    ["NaN"],
    ["tru"],
    ["True"],
    ["nul"],
    ["'a'"],
    ['"a'],
    ['"\t"'],
    ['"\\x"'],
    ['"\\'],
    ["[1,]"],
    ["[,1]"],
    ["[1 2]"],
    ["[1"],
    ["{,}"],
    ['{"a":1,}'],
    ['{"a" 1}'],
    ["{a:1}"],
    ['{"a":}'],
    ["{1:2}"],
    ["1 2"],
    ["{} x"],
    ["[]]"],
    ["\ufeff1"],
    ["1\u00a0"],
    ["// c\n1"],
  ])("refuses the malformed text %j", (text) => {
    expect(codeOf(() => parse(text))).toBe("JSON_MALFORMED");
  });

  test("refuses duplicate members also when they are far apart or nested", () => {
    expect(codeOf(() => parse('{"a":1,"b":{"a":2},"a":1}'))).toBe("JSON_DUPLICATE_MEMBER");
    expect(codeOf(() => parse('[{"x":[{"":1,"":1}]}]'))).toBe("JSON_DUPLICATE_MEMBER");
  });

  test("refuses bytes that are not UTF-8", () => {
    for (const bytes of [
      [0x22, 0xff, 0x22],
      [0x22, 0xc0, 0x80, 0x22],
      [0x22, 0xed, 0xa0, 0x80, 0x22],
      [0x22, 0xe2, 0x82],
    ]) {
      expect(codeOf(() => parseStrictJson(Uint8Array.from(bytes), limits))).toBe("JSON_MALFORMED");
    }
  });

  test("limits hold at their edges", () => {
    const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
    const bytes = new TextEncoder().encode("[1,2]");
    expect(parseStrictJson(bytes, { maxBytes: 5 })).toEqual([1, 2]);
    expect(codeOf(() => parseStrictJson(bytes, { maxBytes: 4 }))).toBe("JSON_TOO_LARGE");
    expect(codeOf(() => parse(nested(65)))).toBe("accepted");
    expect(codeOf(() => parse(nested(66)))).toBe("JSON_MALFORMED");
    expect(codeOf(() => parse(nested(500_000)))).toBe("JSON_MALFORMED");
    expect(codeOf(() => parseStrictJson(new TextEncoder().encode("[[1]]"), { maxBytes: 9, maxDepth: 1 }))).toBe(
      "JSON_MALFORMED",
    );
  });

  test("agrees with JSON.parse wherever it accepts, on arbitrary text over JSON's alphabet", () => {
    const alphabet = fc.constantFrom(...'{}[]:,"\\ 0123456789.-+eEtrufalsn/\u00e9\ud83d\ude02'.split(""));
    let accepted = 0;
    fc.assert(
      fc.property(fc.array(alphabet, { maxLength: 12 }), (characters) => {
        const text = characters.join("");
        if (!text.isWellFormed()) return;
        let value: JsonValue;
        try {
          value = parse(text);
        } catch (error) {
          expect(error).toBeInstanceOf(JsonError);
          return;
        }
        accepted++;
        expect(value).toEqual(JSON.parse(text));
      }),
      { numRuns: 20_000 },
    );
    expect(accepted).toBeGreaterThan(50);
  });
});
