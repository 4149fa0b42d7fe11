import { keccak_256 } from "@noble/hashes/sha3.js";

const digest = new Uint8Array(32);
const digestView = new DataView(digest.buffer);

/** Keccak-256, as Ethereum uses it (not SHA3-256). Plain JavaScript: works where a page's policy forbids WebAssembly. */
export function keccak256(bytes: Uint8Array): Uint8Array {
  return keccak_256(bytes);
}

/** Writes the Keccak-256 of bytes into `target` at `offset`. */
export function writeKeccak256(bytes: Uint8Array, target: Uint8Array, offset: number): void {
  target.set(keccak_256(bytes), offset);
}

/** Keccak-256 without an array for it: the digest is in the same view every time, until the next one is computed. */
export function keccak256InPlace(bytes: Uint8Array): DataView {
  digest.set(keccak_256(bytes));
  return digestView;
}
