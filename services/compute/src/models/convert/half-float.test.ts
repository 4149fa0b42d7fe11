import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { halfFloatBits, packFloats, packHalfFloats } from "./half-float.ts";

/** The value of a binary16 pattern, from the definition. */
function halfFloatValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

test("every half is its own nearest half", () => {
  for (let bits = 0; bits < 0x10000; bits++) {
    const value = halfFloatValue(bits);
    if (!Number.isNaN(value)) expect([bits, halfFloatBits(value)]).toEqual([bits, bits]);
  }
  expect(halfFloatValue(halfFloatBits(Number.NaN))).toBeNaN();
});

test("any float goes to the nearest half, ties to the even one", () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true, min: -65_504, max: 65_504 }), (value) => {
      const bits = halfFloatBits(value);
      const error = Math.abs(halfFloatValue(bits) - value);
      for (const neighbour of [bits - 1, bits + 1].filter((other) => (other & 0x7c00) !== 0x7c00 && other >= 0)) {
        const other = Math.abs(halfFloatValue(neighbour) - value);
        expect(
          error < other || (error === other && bits % 2 === 0) || halfFloatValue(neighbour) === halfFloatValue(bits),
        ).toBe(true);
      }
    }),
    { numRuns: 2_000 },
  );
  expect(halfFloatBits(65_519.99)).toBe(0x7bff);
  expect(halfFloatBits(65_520)).toBe(0x7c00);
  expect(halfFloatBits(2 ** -25)).toBe(0);
  expect(halfFloatBits(2 ** -25 * 1.001)).toBe(1);
});

test("packing is little-endian", () => {
  expect([...packHalfFloats(Float32Array.of(1, -2))]).toEqual([0x00, 0x3c, 0x00, 0xc0]);
  expect([...packFloats(Float32Array.of(1))]).toEqual([0, 0, 0x80, 0x3f]);
});
