import { bytesToHex, isHex, writeHex } from "@koinon/secp256k1/hex";
import type { Codec, Reader, Words } from "./codec.ts";
import { TypedDataError } from "./fault.ts";
import type { WordType } from "./field-type.ts";

/** How one type of a single word is checked, written and read; `write` may rely on `accepts`. */
interface WordRules {
  /** Bytes of the word that must be zero: from its start up to this many. */
  readonly leadingZeros: number;
  accepts(value: unknown): boolean;
  write(value: never, words: Words, offset: number): void;
  read(reader: Reader, offset: number): unknown;
}

/** Compiles a type that fills one word. `field` names it in faults. */
export function createWordCodec(typeName: WordType, field: string): Codec {
  const rules: WordRules = wordRules[typeName];
  const write = (value: unknown, words: Words, offset: number): void => {
    if (!rules.accepts(value)) throw new TypedDataError({ code: "TYPED_VALUE_INVALID", field, type: typeName });
    words.bytes.fill(0, offset, offset + rules.leadingZeros);
    rules.write(value as never, words, offset);
  };
  return {
    typeName,
    dynamic: false,
    headBytes: 32,
    sizeBytes: () => 32,
    write,
    writeHashWord: write,
    copyHashWord: (encoded, from, words, offset) => words.bytes.set(encoded.bytes.subarray(from, from + 32), offset),
    read(reader, offset) {
      assertZero(reader.bytes, offset, offset + rules.leadingZeros, field);
      const value = rules.read(reader, offset);
      if (!rules.accepts(value))
        throw new TypedDataError({ code: "TYPED_ENCODING_INVALID", field, reason: "out of range" });
      return value;
    },
  };
}

/** Refuses padding that is not zero. */
export function assertZero(bytes: Uint8Array, from: number, to: number, field: string): void {
  for (let index = from; index < to; index++) {
    if (bytes[index] !== 0) throw new TypedDataError({ code: "TYPED_ENCODING_INVALID", field, reason: "padding" });
  }
}

/** Writes a length or an offset: at most 32 bits of a word. */
export function writeSmallWord(words: Words, offset: number, value: number): void {
  words.bytes.fill(0, offset, offset + 28);
  words.view.setUint32(offset + 28, value);
}

/** The length or offset in a word that is known to hold one. */
export function smallWordAt({ view }: Words, offset: number): number {
  return view.getUint32(offset + 28);
}

/** Reads a length or an offset. */
export function readSmallWord(reader: Reader, offset: number, field: string): number {
  if (offset + 32 > reader.bytes.length)
    throw new TypedDataError({ code: "TYPED_ENCODING_INVALID", field, reason: "too short" });
  assertZero(reader.bytes, offset, offset + 28, field);
  return reader.view.getUint32(offset + 28);
}

const smallUint = (limit: number): WordRules => ({
  leadingZeros: 28,
  accepts: (value) =>
    typeof value === "number" && Number.isInteger(value) && value >= 0 && value < limit && !Object.is(value, -0),
  write: (value: number, words, offset) => words.view.setUint32(offset + 28, value),
  read: (reader, offset) => reader.view.getUint32(offset + 28),
});

/** Unsigned integers of `limbs` times 64 bits. */
const bigUint = (limbs: 1 | 2 | 4): WordRules => ({
  leadingZeros: 32 - 8 * limbs,
  accepts: (value) => typeof value === "bigint" && BigInt.asUintN(64 * limbs, value) === value,
  write(value: bigint, words, offset) {
    // setBigUint64 keeps the low 64 bits of what it is given.
    let rest = value;
    for (let limb = 1; limb < limbs; limb++, rest >>= 64n) words.view.setBigUint64(offset + 32 - 8 * limb, rest);
    words.view.setBigUint64(offset + 32 - 8 * limbs, rest);
  },
  read(reader, offset) {
    let value = 0n;
    for (let limb = limbs; limb > 0; limb--) value = (value << 64n) | reader.view.getBigUint64(offset + 32 - 8 * limb);
    return value;
  },
});

const hexBytes = (sizeBytes: 20 | 32): WordRules => ({
  leadingZeros: 32 - sizeBytes,
  accepts: (value) => isHex(value, sizeBytes),
  write: (value: string, words, offset) => writeHex(value, words.bytes, offset + 32 - sizeBytes, sizeBytes),
  read: (reader, offset) => bytesToHex(reader.bytes.subarray(offset + 32 - sizeBytes, offset + 32)),
});

const bool: WordRules = {
  leadingZeros: 31,
  accepts: (value) => typeof value === "boolean",
  write(value: boolean, words, offset) {
    words.bytes[offset + 31] = value ? 1 : 0;
  },
  // A byte other than 0 and 1 stays a number, which `accepts` refuses.
  read: (reader, offset) => ({ 0: false, 1: true })[reader.bytes[offset + 31] as number] ?? reader.bytes[offset + 31],
};

const wordRules: Record<WordType, WordRules> = {
  bool,
  uint8: smallUint(2 ** 8),
  uint16: smallUint(2 ** 16),
  uint32: smallUint(2 ** 32),
  uint64: bigUint(1),
  uint128: bigUint(2),
  uint256: bigUint(4),
  address: hexBytes(20),
  bytes32: hexBytes(32),
};
