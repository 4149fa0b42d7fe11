import { smallLimit, toBigInt, toWord, type Word, wordMax, wordModulus } from "./word.ts";

// Every function takes and gives canonical words. Two small operands are the common case and allocate nothing.

/** ADD. */
export function add(a: Word, b: Word): Word {
  if (typeof a === "number" && typeof b === "number") {
    const sum = a + b;
    return sum < smallLimit ? sum : BigInt(sum);
  }
  const sum = toBigInt(a) + toBigInt(b);
  return sum > wordMax ? toWord(sum - wordModulus) : sum;
}

/** SUB. */
export function sub(a: Word, b: Word): Word {
  if (typeof a === "number" && typeof b === "number") {
    const difference = a - b;
    return difference >= 0 ? difference : BigInt(difference) + wordModulus;
  }
  const difference = toBigInt(a) - toBigInt(b);
  return toWord(difference < 0n ? difference + wordModulus : difference);
}

/** MUL. */
export function mul(a: Word, b: Word): Word {
  if (typeof a === "number" && typeof b === "number") {
    const product = a * b;
    if (product < smallLimit) return product;
    return product <= Number.MAX_SAFE_INTEGER ? BigInt(product) : BigInt(a) * BigInt(b);
  }
  return toWord(BigInt.asUintN(256, toBigInt(a) * toBigInt(b)));
}

/** DIV; by zero gives zero. */
export function div(a: Word, b: Word): Word {
  if (b === 0) return 0;
  if (typeof a === "number") return typeof b === "number" ? Math.floor(a / b) : 0;
  return toWord(a / toBigInt(b));
}

/** SDIV: truncates towards zero. */
export function sdiv(a: Word, b: Word): Word {
  if (b === 0) return 0;
  if (typeof a === "number" && typeof b === "number") return Math.floor(a / b);
  return toWord(BigInt.asUintN(256, signed(a) / signed(b)));
}

/** MOD; by zero gives zero. */
export function mod(a: Word, b: Word): Word {
  if (b === 0) return 0;
  if (typeof a === "number") return typeof b === "number" ? a % b : a;
  return toWord(a % toBigInt(b));
}

/** SMOD: the sign of the dividend. */
export function smod(a: Word, b: Word): Word {
  if (b === 0) return 0;
  if (typeof a === "number" && typeof b === "number") return a % b;
  return toWord(BigInt.asUintN(256, signed(a) % signed(b)));
}

/** ADDMOD: the sum is not truncated. */
export function addmod(a: Word, b: Word, modulus: Word): Word {
  if (modulus === 0) return 0;
  if (typeof a === "number" && typeof b === "number" && typeof modulus === "number") return (a + b) % modulus;
  return toWord((toBigInt(a) + toBigInt(b)) % toBigInt(modulus));
}

/** MULMOD: the product is not truncated. */
export function mulmod(a: Word, b: Word, modulus: Word): Word {
  if (modulus === 0) return 0;
  return toWord((toBigInt(a) * toBigInt(b)) % toBigInt(modulus));
}

/** EXP modulo 2^256. */
export function exp(base: Word, exponent: Word): Word {
  if (exponent === 0) return 1;
  if (base === 0 || base === 1) return base;
  if (base === 2) return typeof exponent === "number" && exponent < 256 ? toWord(1n << BigInt(exponent)) : 0;
  let result = 1n;
  let square = toBigInt(base);
  let rest = toBigInt(exponent);
  while (rest > 0n) {
    if ((rest & 1n) === 1n) result = BigInt.asUintN(256, result * square);
    rest >>= 1n;
    if (rest > 0n) square = BigInt.asUintN(256, square * square);
  }
  return toWord(result);
}

/** Length of EXP's exponent in bytes, for its gas. */
export function byteLength(word: Word): number {
  if (typeof word === "number") return (39 - Math.clz32(word)) >>> 3;
  return (word.toString(16).length + 1) >> 1;
}

/** SIGNEXTEND: `value` as a signed integer of `index + 1` bytes. */
export function signextend(index: Word, value: Word): Word {
  if (typeof index !== "number" || index >= 31) return value;
  if (typeof value === "number") {
    if (index >= 4) return value;
    if (index === 3) return value;
    const shift = 24 - 8 * index;
    const extended = (value << shift) >> shift;
    return extended >= 0 ? extended : BigInt(extended) + wordModulus;
  }
  return toWord(BigInt.asUintN(256, BigInt.asIntN(8 * (index + 1), value)));
}

function signed(word: Word): bigint {
  return typeof word === "number" ? BigInt(word) : BigInt.asIntN(256, word);
}
