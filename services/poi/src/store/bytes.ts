import { bytesToHex, type Hex, hexToBytes } from "@koinon/secp256k1/hex";

/** Several byte strings as one, with where each begins (from 1, as SQL counts) and how long it is: cheaper to send than a bytea[]. */
export interface PackedBytes {
  readonly bytes: Buffer;
  readonly starts: number[];
  readonly lengths: number[];
}

/** Packs byte strings for `substring($bytes FROM start FOR length)`. */
export function packBytes(items: readonly Uint8Array[]): PackedBytes {
  const starts: number[] = [];
  let at = 1;
  for (const item of items) {
    starts.push(at);
    at += item.length;
  }
  return { bytes: Buffer.concat(items), starts, lengths: items.map((item) => item.length) };
}

/** Hex ids as a parameter for bytea[]. */
export function byteaArray(ids: Iterable<Hex>): Uint8Array[] {
  return Array.from(ids, hexToBytes);
}

/** A bytea column as hex. */
export function hexOf(column: Uint8Array): Hex {
  return bytesToHex(column);
}
