import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
import { serverError } from "../json-rpc-error.ts";
import { malformed } from "./value-error.ts";

/** Reads bytes: 0x and an even number of digits of either case. */
export function readBytes(value: unknown): Uint8Array {
  return new Uint8Array(Buffer.from(readHex(value).slice(2), "hex"));
}

/**
 * Reads bytes like `readBytes`, into memory that they share with others, which stays as long as any of them: for bytes that are
 * copied or done with soon. It takes a third of the time.
 */
export function readPassingBytes(value: unknown): Uint8Array {
  const text = readPrefixed(value);
  const bytes = Buffer.from(text.slice(2), "hex");
  // Decoding ends at what is no digit, but takes a character beyond Latin-1 for the one of its low byte.
  if (2 + 2 * bytes.length !== text.length || Buffer.byteLength(text) !== text.length) throw invalidHex();
  return bytes;
}

/** Reads an address; EIP-55 capitals are neither asked for nor checked. */
export function readAddress(value: unknown): Address {
  return readFixed(value, 20, "common.Address");
}

/** Reads 32 bytes. */
export function readHash(value: unknown): Hex {
  return readFixed(value, 32, "common.Hash");
}

/** Reads a storage slot: up to 32 bytes of hex, short ones filled on the left. Text that is none is a server error, as in geth. */
export function readSlot(value: unknown): bigint {
  if (typeof value !== "string") throw malformed("unable to decode storage key: hex string invalid");
  const digits = value.replace(/^0x/i, "");
  if (digits.length > 64) {
    throw serverError("unable to decode storage key: hex string too long, want at most 32 bytes");
  }
  if (!/^[0-9a-f]*$/i.test(digits)) throw serverError("unable to decode storage key: hex string invalid");
  return digits === "" ? 0n : BigInt(`0x${digits}`);
}

/** Reads a 32-byte word. */
export function readWord(value: unknown): bigint {
  return BigInt(readHash(value));
}

/** A 256-bit word as 32 bytes of hex. */
export function wordHex(word: bigint): Hex {
  return `0x${word.toString(16).padStart(64, "0")}`;
}

function readFixed(value: unknown, sizeBytes: number, name: string): Hex {
  if (typeof value === "string" && value.length !== 2 + 2 * sizeBytes && /^0x/i.test(value)) {
    throw malformed(`hex string has length ${value.length - 2}, want ${2 * sizeBytes} for ${name}`);
  }
  return readHex(value);
}

function readHex(value: unknown): Hex {
  const text = readPrefixed(value);
  if (!/^[0-9a-f]*$/i.test(text.slice(2))) throw invalidHex();
  return text.toLowerCase() as Hex;
}

function readPrefixed(value: unknown): string {
  if (typeof value !== "string") throw malformed("cannot unmarshal non-string as hex data");
  if (value === "") throw malformed("empty hex string");
  if (!value.startsWith("0x") && !value.startsWith("0X")) throw malformed("hex string without 0x prefix");
  if (value.length % 2 !== 0) throw malformed("hex string of odd length");
  return value;
}

function invalidHex(): Error {
  return malformed("invalid hex string");
}
