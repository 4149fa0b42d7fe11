import { smallLimit, toBigInt, toWord, type Word, wordMax } from "./word.ts";

const signBit = 1n << 255n;
/** Shift amounts as bigints, so that shifting allocates only its result. */
const amounts: readonly bigint[] = Array.from({ length: 256 }, (_, amount) => BigInt(amount));

/** LT. */
export function lt(a: Word, b: Word): number {
  if (typeof a === "number") return typeof b !== "number" || a < b ? 1 : 0;
  return typeof b !== "number" && a < b ? 1 : 0;
}

/** SLT: both as two's complement. */
export function slt(a: Word, b: Word): number {
  const negative = isNegative(a);
  if (negative !== isNegative(b)) return negative ? 1 : 0;
  return lt(a, b);
}

/** AND. */
export function and(a: Word, b: Word): Word {
  if (typeof a === "number") return typeof b === "number" ? a & b : a & Number(BigInt.asUintN(31, b));
  if (typeof b === "number") return b & Number(BigInt.asUintN(31, a));
  return toWord(a & b);
}

/** OR. */
export function or(a: Word, b: Word): Word {
  if (typeof a === "number" && typeof b === "number") return a | b;
  return toBigInt(a) | toBigInt(b);
}

/** XOR. */
export function xor(a: Word, b: Word): Word {
  if (typeof a === "number" && typeof b === "number") return a ^ b;
  return toWord(toBigInt(a) ^ toBigInt(b));
}

/** NOT. */
export function not(a: Word): Word {
  return toWord(wordMax - toBigInt(a));
}

/** BYTE: the byte at `index`, counted from the most significant. */
export function byte(index: Word, value: Word): number {
  if (typeof index !== "number" || index > 31) return 0;
  if (typeof value === "number") return index < 28 ? 0 : (value >>> (8 * (31 - index))) & 0xff;
  return Number(BigInt.asUintN(8, value >> (amounts[8 * (31 - index)] as bigint)));
}

/** SHL (EIP-145). */
export function shl(amount: Word, value: Word): Word {
  if (value === 0 || typeof amount !== "number" || amount > 255) return 0;
  if (typeof value === "number" && amount < 31) {
    const shifted = value * (1 << amount);
    if (shifted < smallLimit) return shifted;
  }
  return toWord(BigInt.asUintN(256, toBigInt(value) << (amounts[amount] as bigint)));
}

/** SHR (EIP-145). */
export function shr(amount: Word, value: Word): Word {
  if (typeof amount !== "number" || amount > 255) return 0;
  if (typeof value === "number") return amount > 31 ? 0 : value >>> amount;
  return toWord(value >> (amounts[amount] as bigint));
}

/** SAR (EIP-145): fills with the sign. */
export function sar(amount: Word, value: Word): Word {
  if (typeof value === "number" || value < signBit) return shr(amount, value);
  if (typeof amount !== "number" || amount > 255) return wordMax;
  return BigInt.asUintN(256, BigInt.asIntN(256, value) >> (amounts[amount] as bigint));
}

/** CLZ (EIP-7939): leading zero bits, 256 for zero. */
export function clz(value: Word): number {
  if (typeof value === "number") return 224 + Math.clz32(value);
  const digits = value.toString(16);
  return 256 - 4 * digits.length + Math.clz32(Number.parseInt(digits[0] as string, 16)) - 28;
}

function isNegative(word: Word): boolean {
  return typeof word !== "number" && word >= signBit;
}
