import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { formatCredits, formatCreditsAligned, formatCreditsShort, parseCredits } from "./amount.ts";

describe("credits", () => {
  test.each([
    [0n, "0"],
    [1n, "0.000001"],
    [341n, "0.000341"],
    [2_500_000n, "2.5"],
    [1_234_567_000_000n, "1,234,567"],
    [-7n, "−0.000007"],
  ])("%p micro-credits are %p", (micro, text) => expect(formatCredits(micro)).toBe(text));

  test("what is formatted is parsed back, for every amount", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 30n }), (micro) => {
        expect(parseCredits(formatCredits(micro))).toBe(micro);
      }),
    );
  });

  test("aligned amounts have six decimals and are the same amounts", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 18n }), (micro) => {
        const aligned = formatCreditsAligned(micro);
        expect(aligned).toMatch(/\.\d{6}$/);
        expect(parseCredits(aligned)).toBe(micro);
      }),
    );
  });

  test("a short form never says more than there is, and keeps two decimals", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 18n }), (micro) => {
        const short = parseCredits(formatCreditsShort(micro)) as bigint;
        expect(short <= micro).toBe(true);
        expect(micro - short < 10_000n).toBe(true);
      }),
    );
  });

  test.each([
    ["", "empty"],
    ["  ", "empty"],
    [".", "not-a-number"],
    ["1e6", "not-a-number"],
    ["-1", "not-a-number"],
    ["0.0000001", "too-precise"],
    ["1".repeat(31), "too-large"],
  ])("%p is refused as %p", (text, problem) => expect(parseCredits(text)).toBe(problem));

  test.each([
    ["1", 1_000_000n],
    [".5", 500_000n],
    ["2.", 2_000_000n],
    [" 1,000.25 ", 1_000_250_000n],
  ])("%p is %p micro-credits", (text, micro) => expect(parseCredits(text)).toBe(micro));
});
