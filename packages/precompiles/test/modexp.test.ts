import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { at, hex, outcome } from "./at.ts";
import { concat, modexpInput, word } from "./encode-points.ts";

const prague = at(0x05, "prague");
const osaka = at(0x05, "osaka");
const operands = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.uint8Array({ minLength: 60, maxLength: 200 }),
  fc.integer({ min: 0, max: 70 }).map((length) => new Uint8Array(length)),
  fc.integer({ min: 1, max: 70 }).map((length) => new Uint8Array(length).fill(1, length - 1)),
);

/** By squaring, from the definition. */
function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n % modulus;
  for (const bit of exponent.toString(2)) {
    result = (result * result) % modulus;
    if (bit === "1") result = (result * base) % modulus;
  }
  return result;
}

const toNumber = (bytes: Uint8Array): bigint => BigInt(`0x0${hex(bytes)}`);

describe("result", () => {
  test("is that of exponentiation with BigInt, as long as the modulus", () => {
    fc.assert(
      fc.property(operands, operands, operands, (base, exponent, modulus) => {
        const [b, e, m] = [base, exponent, modulus].map(toNumber) as [bigint, bigint, bigint];
        const result = m === 0n ? 0n : power(b % m, e, m);
        const expected = modulus.length === 0 ? "" : result.toString(16).padStart(2 * modulus.length, "0");
        expect(outcome(prague, modexpInput(base, exponent, modulus))).toBe(expected);
        expect(outcome(osaka, modexpInput(base, exponent, modulus))).toBe(expected);
      }),
      { numRuns: 200 },
    );
  });

  test("missing input reads as zero, what is too much is ignored", () => {
    const input = modexpInput(word(3n), Uint8Array.of(2), Uint8Array.of(7, 0, 0));
    expect(outcome(prague, input.subarray(0, -2))).toBe(outcome(prague, input));
    expect(outcome(prague, concat(input, word(99n)))).toBe(outcome(prague, input));
    expect(outcome(prague, input)).toBe("000009");
    expect(outcome(prague, new Uint8Array(0))).toBe("");
    expect(outcome(prague, concat(word(1n), word(1n), word(2n)))).toBe("0000");
  });

  test("operands longer than the memory kept for them do not disturb the next call", () => {
    const long = new Uint8Array(20_000).fill(0xab);
    expect(outcome(prague, modexpInput(long, Uint8Array.of(3), long))).toBe("00".repeat(20_000));
    expect(outcome(prague, modexpInput(Uint8Array.of(3), Uint8Array.of(4), Uint8Array.of(100)))).toBe("51");
  });
});

describe("gas", () => {
  test("lengths that nothing pays for are capped, also when their product overflows", () => {
    const huge = [2n ** 31n, 2n ** 32n, 2n ** 64n, 2n ** 256n - 1n];
    for (const length of huge) {
      for (const lengths of [
        [length, 1n, 1n],
        [1n, 1n, length],
        [length, length, length],
        [0n, length, length],
      ]) {
        const input = concat(...lengths.map((value) => word(value)));
        expect([length, prague.gas(input) > 2 ** 50]).toEqual([length, true]);
        expect([length, osaka.gas(input) > 2 ** 50]).toEqual([length, true]);
      }
    }
  });

  test("an exponent of any length over nothing costs the minimum until Prague and returns nothing", () => {
    const input = concat(word(0n), word(2n ** 256n - 1n), word(0n));
    expect(prague.gas(input)).toBe(200);
    expect(outcome(prague, input)).toBe("");
    expect(osaka.gas(input)).toBe(Number.MAX_SAFE_INTEGER);
    expect(outcome(osaka, input)).toBe("failure");
  });

  test("the head of the exponent is read where the base ends, and as zero beyond the input", () => {
    const lengths = concat(word(1n), word(32n), word(8n));
    expect(osaka.gas(concat(lengths, Uint8Array.of(9), new Uint8Array(32).fill(0xff)))).toBe(16 * 255);
    expect(osaka.gas(concat(lengths, Uint8Array.of(9, 0x80)))).toBe(16 * 255);
    expect(osaka.gas(concat(lengths, Uint8Array.of(9)))).toBe(500);
    expect(osaka.gas(lengths)).toBe(500);
  });
});

test("operands of 1024 bytes are the longest in Osaka", () => {
  const operand = (length: number): Uint8Array => new Uint8Array(length).fill(1);
  const small = operand(1);
  expect(outcome(osaka, modexpInput(operand(1024), operand(1024), operand(1024)))).toHaveLength(2048);
  expect(outcome(osaka, modexpInput(operand(1025), small, small))).toBe("failure");
  expect(outcome(osaka, modexpInput(small, operand(1025), small))).toBe("failure");
  expect(outcome(osaka, modexpInput(small, small, operand(1025)))).toBe("failure");
  expect(outcome(prague, modexpInput(small, small, operand(1025)))).toHaveLength(2050);
});
