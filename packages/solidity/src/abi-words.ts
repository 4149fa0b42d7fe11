import { bytesToHex, type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import { keccak256 } from "@koinon/secp256k1/keccak";
import { RegistryError } from "./fault.ts";

const encoder = new TextEncoder();
const uint64Max = 2n ** 64n - 1n;

/** Keccak-256 of concatenated hex values. */
export function hashOf(...parts: readonly Hex[]): Hex {
  return bytesToHex(keccak256(hexToBytes(concatHex(parts))));
}

/** What names an origin in the registry: the Keccak-256 of its bytes; throws RegistryError `ORIGIN_EMPTY`. */
export function originId(origin: string): Hex {
  if (origin === "") throw new RegistryError({ code: "ORIGIN_EMPTY" });
  return bytesToHex(keccak256(encoder.encode(origin)));
}

/** First four bytes of the hash of a function's signature (Solidity ABI, "Function Selector"). */
export function selectorOf(signature: string): Hex {
  return bytesToHex(keccak256(encoder.encode(signature)).subarray(0, 4));
}

/** A number as a 32-byte word. */
export function wordOf(value: bigint): Hex {
  return `0x${value.toString(16).padStart(64, "0")}`;
}

/** A size or epoch as a word; throws RegistryError `NUMBER_OUT_OF_RANGE` unless it is an unsigned 64-bit integer. */
export function uint64Word(name: "size" | "epoch", value: bigint): Hex {
  if (value < 0n || value > uint64Max) throw new RegistryError({ code: "NUMBER_OUT_OF_RANGE", name, value });
  return wordOf(value);
}

/** Text as the ABI encodes it behind its offset: length, then the bytes, filled up to whole words. */
export function textWords(text: string): Hex {
  const bytes = encoder.encode(text);
  const padded = new Uint8Array(Math.ceil(bytes.length / 32) * 32);
  padded.set(bytes);
  return concatHex([wordOf(BigInt(bytes.length)), bytesToHex(padded)]);
}

/** Joins hex values. */
export function concatHex(parts: readonly Hex[]): Hex {
  return `0x${parts.map((part) => part.slice(2)).join("")}`;
}

/** Splits a reply of exactly `count` words; throws RegistryError `REPLY_MALFORMED`. */
export function replyWords(reply: Hex, count: number): readonly bigint[] {
  if (reply.length !== 2 + 64 * count || !/^0x[0-9a-f]*$/.test(reply)) {
    throw new RegistryError({ code: "REPLY_MALFORMED", lengthBytes: (reply.length - 2) / 2 });
  }
  return Array.from({ length: count }, (_, index) => BigInt(`0x${reply.slice(2 + 64 * index, 66 + 64 * index)}`));
}
