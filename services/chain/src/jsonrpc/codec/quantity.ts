import type { Hex } from "@koinon/secp256k1/hex";
import { malformed } from "./value-error.ts";

const uint64Max = 2n ** 64n - 1n;

/** A quantity (EIP-1474): the shortest hex of a non-negative integer. */
export function quantity(value: bigint | number): Hex {
  return `0x${value.toString(16)}`;
}

/** Reads a quantity of at most 256 bits; leading zeros are refused, as EIP-1474 asks. */
export function readQuantity(value: unknown): bigint {
  return parseQuantity(value, 64, 256);
}

/** Reads a quantity of at most 64 bits. */
export function readQuantity64(value: unknown): bigint {
  return parseQuantity(value, 16, 64);
}

/** Reads a quantity of at most 32 bits as a number. */
export function readQuantity32(value: unknown): number {
  return Number(parseQuantity(value, 8, 32));
}

/** Reads a 64-bit number in hex or as a JSON integer, as geth does for counts. */
export function readCount(value: unknown): bigint {
  if (typeof value === "number") {
    if (Number.isSafeInteger(value) && value >= 0) return BigInt(value);
    throw malformed("number out of range");
  }
  // Go's decoder takes decimal text as well, and some clients rely on it.
  if (typeof value === "string" && /^[0-9]{1,20}$/.test(value)) {
    const count = BigInt(value);
    if (count <= uint64Max) return count;
  }
  return readQuantity64(value);
}

function parseQuantity(value: unknown, digitsMax: number, bits: number): bigint {
  if (typeof value !== "string") throw malformed("cannot unmarshal non-string as a hex number");
  if (value === "") throw malformed("empty hex string");
  if (!value.startsWith("0x") && !value.startsWith("0X")) throw malformed("hex string without 0x prefix");
  if (value.length === 2) throw malformed('hex string "0x"');
  if (value.length > 3 && value[2] === "0") throw malformed("hex number with leading zero digits");
  // Length before content: a long text is not worth looking at.
  if (value.length - 2 > digitsMax) throw malformed(`hex number > ${bits} bits`);
  if (!/^[0-9a-f]+$/i.test(value.slice(2))) throw malformed("invalid hex string");
  return BigInt(value);
}
