import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { integerRange, numberRange } from "./number-range.ts";

/** The grammar of these rules uses literals, classes, groups and repetitions only, so it is a regular expression in other letters. */
function toRegExp(grammar: string): RegExp {
  const body = grammar.replace(/"([^"]*)"/g, (_, text: string) => text.replace(/[.]/g, "\\.")).replaceAll(" ", "");
  return new RegExp(`^(?:${body})$`);
}

test("integers: exactly those of the range", () => {
  const bound = fc.integer({ min: -1_200, max: 1_200 });
  fc.assert(
    fc.property(bound, bound, (min, max) => {
      const grammar = integerRange(BigInt(min), BigInt(max));
      if (max < min) return expect(grammar).toBeUndefined();
      const accepts = toRegExp(grammar ?? "");
      for (let value = -1_300; value <= 1_300; value++) {
        if (accepts.test(String(value)) !== (value >= min && value <= max))
          throw new Error(`${value} in ${min}..${max}`);
      }
      expect(accepts.test("007")).toBe(false);
    }),
    { numRuns: 300 },
  );
});

test("numbers: only those of the range, with both ends and what lies between", () => {
  const bound = fc.integer({ min: -50, max: 50 });
  fc.assert(
    fc.property(bound, bound, fc.double({ min: -60, max: 60, noNaN: true }), (a, b, value) => {
      const [min, max] = [Math.min(a, b), Math.max(a, b)];
      const accepts = toRegExp(numberRange(BigInt(min), BigInt(max)) ?? "");
      const text = value.toFixed(6);
      const inside = Number(text) >= min && Number(text) <= max;
      if (accepts.test(text)) expect([text, min, max, inside]).toEqual([text, min, max, true]);
      expect(accepts.test(String(min)) && accepts.test(String(max))).toBe(true);
      expect(accepts.test(`${max}.5`) && max >= 0).toBe(false);
    }),
    { numRuns: 1_000 },
  );
});
