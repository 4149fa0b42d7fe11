import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { canonicalJson, canonicalJsonBytes } from "./canonicalize.ts";
import type { JsonValue } from "./json-value.ts";

function numberFromBits(hex: string): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(`0x${hex}`));
  return view.getFloat64(0);
}

// RFC 8785 appendix B.
const appendixB: readonly [bits: string, text: string][] = [
  ["0000000000000000", "0"],
  ["8000000000000000", "0"],
  ["0000000000000001", "5e-324"],
  ["8000000000000001", "-5e-324"],
  ["7fefffffffffffff", "1.7976931348623157e+308"],
  ["ffefffffffffffff", "-1.7976931348623157e+308"],
  ["4340000000000000", "9007199254740992"],
  ["c340000000000000", "-9007199254740992"],
  ["4430000000000000", "295147905179352830000"],
  ["44b52d02c7e14af5", "9.999999999999997e+22"],
  ["44b52d02c7e14af6", "1e+23"],
  ["44b52d02c7e14af7", "1.0000000000000001e+23"],
  ["444b1ae4d6e2ef4e", "999999999999999700000"],
  ["444b1ae4d6e2ef4f", "999999999999999900000"],
  ["444b1ae4d6e2ef50", "1e+21"],
  ["3eb0c6f7a0b5ed8c", "9.999999999999997e-7"],
  ["3eb0c6f7a0b5ed8d", "0.000001"],
  ["41b3de4355555553", "333333333.3333332"],
  ["41b3de4355555554", "333333333.33333325"],
  ["41b3de4355555555", "333333333.3333333"],
  ["41b3de4355555556", "333333333.3333334"],
  ["41b3de4355555557", "333333333.33333343"],
  ["becbf647612f3696", "-0.0000033333333333333333"],
  ["43143ff3c1cb0959", "1424953923781206.2"],
];

// After RFC 8785 section 3.2 and github.com/cyberphone/json-canonicalization, testdata.
const testData: readonly [name: string, input: JsonValue, output: string][] = [
  ["arrays", [56, { d: true, "10": null, "1": [] }], '[56,{"1":[],"10":null,"d":true}]'],
  [
    "french",
    { peach: "first", "p\u00e9ch\u00e9": "second", "p\u00eache": "third", sin: "fourth" },
    '{"peach":"first","p\u00e9ch\u00e9":"second","p\u00eache":"third","sin":"fourth"}',
  ],
  [
    "structures",
    { "1": { f: { f: "hi", F: 5 }, "\n": 56.0 }, "10": {}, "": "empty", a: {}, "111": [{}], A: {} },
    '{"":"empty","1":{"\\n":56,"f":{"F":5,"f":"hi"}},"10":{},"111":[{}],"A":{},"a":{}}',
  ],
  ["unicode", { "Unnormalized Unicode": "\u1e0d\u0307" }, '{"Unnormalized Unicode":"\u1e0d\u0307"}'],
  [
    "values",
    {
      numbers: [Number("333333333.33333329"), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"/",
      literals: [null, true, false],
    },
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  ],
  [
    "weird",
    { "\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\ud83d\ude02": 5, "\u0080": 6, "\u00f6": 7, "</script>": 8 },
    '{"\\r":2,"1":4,"</script>":8,"\u0080":6,"\u00f6":7,"\u20ac":1,"\ud83d\ude02":5,"\ufb33":3}',
  ],
];

describe("canonicalJson", () => {
  test.each(appendixB)("RFC 8785 appendix B: %s is %s", (bits, text) => {
    expect(canonicalJson(numberFromBits(bits))).toBe(text);
  });

  test.each(["7fffffffffffffff", "7ff0000000000000", "fff0000000000000"])("refuses the number %s", (bits) => {
    expect(() => canonicalJson([numberFromBits(bits)])).toThrow("path=/0");
  });

  test.each(testData)("published data: %s", (_name, input, output) => {
    expect(canonicalJson(input)).toBe(output);
    expect(new TextDecoder().decode(canonicalJsonBytes(input))).toBe(output);
  });

  test("refuses what JSON can not say, naming the place", () => {
    class Point {
      readonly x = 1;
    }
    const circular: unknown[] = [];
    circular.push(circular);
    const holes: unknown[] = [];
    holes[1] = 1;
    for (const value of [
      undefined,
      1n,
      () => 1,
      Symbol("s"),
      new Point(),
      new Date(0),
      new Map(),
      "\ud800",
      holes,
      circular,
    ]) {
      expect(() => canonicalJson({ "a/b": value } as JsonValue)).toThrow("path=/a~1b");
    }
    expect(() => canonicalJson({ "\udc00": 1 })).toThrow("JSON_NOT_REPRESENTABLE");
  });

  test("is a fixed point that keeps the value and does not depend on member order", () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false, maxDepth: 5 }), (generated) => {
        const value = generated as JsonValue;
        const text = canonicalJson(value);
        const back = JSON.parse(text) as JsonValue;
        expect(back).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonicalJson(back)).toBe(text);
        expect(canonicalJson(reverseMembers(value))).toBe(text);
      }),
      { numRuns: 500 },
    );
  });
});

function reverseMembers(value: JsonValue): JsonValue {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(reverseMembers);
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([name, member]) => [name, reverseMembers(member)]),
  );
}
