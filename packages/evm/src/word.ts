import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";

/**
 * A 256-bit word in its one canonical form: a number below 2^31 (which V8 keeps in the pointer, so that counters, offsets,
 * lengths and flags cost no allocation), a bigint from there on. Equal words are therefore `===`, and every number is less
 * than every bigint.
 */
export type Word = number | bigint;

/** The first value that is a bigint. */
export const smallLimit = 0x8000_0000;
const smallLimitBig = 0x8000_0000n;

export const wordModulus = 1n << 256n;
export const wordMax = wordModulus - 1n;
const addressMask = (1n << 160n) - 1n;

/** The canonical form of a bigint in [0, 2^256). */
export function toWord(value: bigint): Word {
  return value < smallLimitBig ? Number(value) : value;
}

/** The canonical form of a non-negative safe integer. */
export function numberToWord(value: number): Word {
  return value < smallLimit ? value : BigInt(value);
}

/** The word as a bigint. */
export function toBigInt(word: Word): bigint {
  return typeof word === "number" ? BigInt(word) : word;
}

/** The word as a number, Infinity for what is no small word: for offsets and lengths, which no gas could pay from there on. */
export function toLength(word: Word): number {
  return typeof word === "number" ? word : Number.POSITIVE_INFINITY;
}

/** The low 160 bits as an address. */
export function wordToAddress(word: Word): Address {
  if (typeof word === "number") return `0x${word.toString(16).padStart(40, "0")}`;
  const low = word > addressMask ? word & addressMask : word;
  return `0x${low.toString(16).padStart(40, "0")}`;
}

/** An address or hash as a word. */
export function hexToWord(hex: Hex): Word {
  return toWord(BigInt(hex));
}

/** The word as 32 bytes of hex. */
export function wordToHex(word: Word): Hex {
  return `0x${word.toString(16).padStart(64, "0")}`;
}

/** Reads 32 big-endian bytes. */
export function readWord(view: DataView, offset: number): Word {
  const first = view.getUint32(offset);
  if (first === 0 && view.getUint32(offset + 4) === 0 && view.getUint32(offset + 8) === 0) {
    return readLow160(view, offset + 12);
  }
  return (
    (((view.getBigUint64(offset) << 64n) | view.getBigUint64(offset + 8)) << 128n) |
    ((view.getBigUint64(offset + 16) << 64n) | view.getBigUint64(offset + 24))
  );
}

function readLow160(view: DataView, offset: number): Word {
  const third = view.getUint32(offset + 12);
  const last = view.getUint32(offset + 16);
  if (view.getUint32(offset) !== 0 || view.getUint32(offset + 4) !== 0 || view.getUint32(offset + 8) !== 0) {
    return (
      (BigInt(view.getUint32(offset)) << 128n) | (view.getBigUint64(offset + 4) << 64n) | view.getBigUint64(offset + 12)
    );
  }
  if (third >= 0x20_0000) return view.getBigUint64(offset + 12);
  const value = third * 0x1_0000_0000 + last;
  return value < smallLimit ? value : BigInt(value);
}

/** Writes 32 big-endian bytes. */
export function writeWord(view: DataView, offset: number, word: Word): void {
  if (typeof word === "number") {
    view.setFloat64(offset, 0);
    view.setFloat64(offset + 8, 0);
    view.setFloat64(offset + 16, 0);
    view.setUint32(offset + 24, 0);
    view.setUint32(offset + 28, word);
    return;
  }
  view.setBigUint64(offset, word >> 192n);
  view.setBigUint64(offset + 8, word >> 128n);
  view.setBigUint64(offset + 16, word >> 64n);
  view.setBigUint64(offset + 24, word);
}
