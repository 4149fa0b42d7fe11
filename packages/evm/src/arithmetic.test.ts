import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import * as arithmetic from "./arithmetic.ts";
import * as bitwise from "./bitwise.ts";
import { toBigInt, toWord, type Word } from "./word.ts";

const modulus = 1n << 256n;
const wrap = (value: bigint): bigint => BigInt.asUintN(256, value);
const signed = (value: bigint): bigint => BigInt.asIntN(256, value);

const edges = [0n, 1n, 2n, 31n, 32n, 255n, 256n, 0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn, 1n << 53n, (1n << 64n) - 1n];
const highEdges = [
  (1n << 160n) - 1n,
  (1n << 255n) - 1n,
  1n << 255n,
  modulus - 0x7fff_ffffn,
  modulus - 2n,
  modulus - 1n,
];
const word = fc.oneof(
  fc.constantFrom(...edges, ...highEdges),
  fc.bigInt({ min: 0n, max: 0x1_0000_0000n }),
  fc.bigInt({ min: 0n, max: modulus - 1n }),
);

/** The specification in plain bigints: the yellow paper's appendix H, EIP-145 and EIP-7939. */
const binary: Readonly<Record<string, readonly [(a: Word, b: Word) => Word, (a: bigint, b: bigint) => bigint]>> = {
  ADD: [arithmetic.add, (a, b) => wrap(a + b)],
  MUL: [arithmetic.mul, (a, b) => wrap(a * b)],
  SUB: [arithmetic.sub, (a, b) => wrap(a - b)],
  DIV: [arithmetic.div, (a, b) => (b === 0n ? 0n : a / b)],
  SDIV: [arithmetic.sdiv, (a, b) => (b === 0n ? 0n : wrap(signed(a) / signed(b)))],
  MOD: [arithmetic.mod, (a, b) => (b === 0n ? 0n : a % b)],
  SMOD: [arithmetic.smod, (a, b) => (b === 0n ? 0n : wrap(signed(a) % signed(b)))],
  SIGNEXTEND: [
    arithmetic.signextend,
    (index, value) => (index > 30n ? value : wrap(BigInt.asIntN(8 * (Number(index) + 1), value))),
  ],
  LT: [bitwise.lt, (a, b) => (a < b ? 1n : 0n)],
  SLT: [bitwise.slt, (a, b) => (signed(a) < signed(b) ? 1n : 0n)],
  AND: [bitwise.and, (a, b) => a & b],
  OR: [bitwise.or, (a, b) => a | b],
  XOR: [bitwise.xor, (a, b) => a ^ b],
  BYTE: [bitwise.byte, (index, value) => (index > 31n ? 0n : (value >> (8n * (31n - index))) & 0xffn)],
  SHL: [bitwise.shl, (amount, value) => (amount > 255n ? 0n : wrap(value << amount))],
  SHR: [bitwise.shr, (amount, value) => (amount > 255n ? 0n : value >> amount)],
  SAR: [bitwise.sar, (amount, value) => wrap(signed(value) >> (amount > 255n ? 255n : amount))],
};

function leadingZeros(value: bigint): bigint {
  return value === 0n ? 256n : BigInt(256 - value.toString(2).length);
}

/** True when a word is in its one form: what is below 2^31 a number, the rest a bigint. */
function isCanonical(value: Word): boolean {
  return typeof value === "number" ? Number.isInteger(value) && value >= 0 && value < 2 ** 31 : value >= 2n ** 31n;
}

describe("words", () => {
  test.each(Object.entries(binary))("%s is what its specification says", (_name, [operation, specification]) => {
    fc.assert(
      fc.property(word, word, (a, b) => {
        const result = operation(toWord(a), toWord(b));
        expect(toBigInt(result)).toBe(specification(a, b));
        expect(isCanonical(result)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  test("NOT and CLZ", () => {
    fc.assert(
      fc.property(word, (a) => {
        expect(toBigInt(bitwise.not(toWord(a)))).toBe(modulus - 1n - a);
        expect(BigInt(bitwise.clz(toWord(a)))).toBe(leadingZeros(a));
        expect(arithmetic.byteLength(toWord(a))).toBe(a === 0n ? 0 : Math.ceil(a.toString(16).length / 2));
      }),
    );
  });

  test("ADDMOD and MULMOD do not truncate", () => {
    fc.assert(
      fc.property(word, word, word, (a, b, n) => {
        const operands = [toWord(a), toWord(b), toWord(n)] as const;
        expect(toBigInt(arithmetic.addmod(...operands))).toBe(n === 0n ? 0n : (a + b) % n);
        expect(toBigInt(arithmetic.mulmod(...operands))).toBe(n === 0n ? 0n : (a * b) % n);
      }),
    );
  });

  test("EXP", () => {
    const power = fc.oneof(fc.constantFrom(0n, 1n, 2n, 255n, 256n, 257n), fc.bigInt({ min: 0n, max: 3_000n }));
    fc.assert(
      fc.property(word, power, (a, b) => {
        expect(toBigInt(arithmetic.exp(toWord(a), toWord(b)))).toBe(wrap(a ** b));
      }),
    );
  });
});
