import { sha256 as nobleSha256 } from "@noble/hashes/sha2.js";

/** SHA-256 of some bytes, 32 bytes. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array;

/** Length in bytes of every hash in a tree. */
export const HASH_BYTES = 32;

const LEAF_PREFIX = 0x00;
const NODE_PREFIX = 0x01;

/** The three hashes of RFC 9162 section 2.1.1: the empty tree, a leaf, and an inner node. */
export interface TreeHasher {
  readonly emptyRoot: Uint8Array;
  leaf(entry: Uint8Array): Uint8Array;
  node(left: Uint8Array, right: Uint8Array): Uint8Array;
}

/** Builds a hasher over any SHA-256, say Node's native one. */
export function createTreeHasher(sha256: Sha256): TreeHasher {
  return {
    emptyRoot: sha256(new Uint8Array(0)),
    leaf(entry) {
      const message = new Uint8Array(1 + entry.length);
      message[0] = LEAF_PREFIX;
      message.set(entry, 1);
      return sha256(message);
    },
    node(left, right) {
      // Not a shared buffer: an injected SHA-256 may keep its input.
      const message = new Uint8Array(1 + 2 * HASH_BYTES);
      message[0] = NODE_PREFIX;
      message.set(left, 1);
      message.set(right, 1 + HASH_BYTES);
      return sha256(message);
    },
  };
}

/** The hasher used when none is given: SHA-256 in JavaScript, for browsers and Node alike. */
export const portableTreeHasher: TreeHasher = createTreeHasher(nobleSha256);

/** True for 32 bytes. */
export function isHash(value: unknown): boolean {
  return value instanceof Uint8Array && value.length === HASH_BYTES;
}

/** True when both are the same 32 bytes. Hashes of a public log are no secrets, so the time it takes may tell. */
export function isSameHash(a: Uint8Array, b: Uint8Array): boolean {
  return isHash(a) && isHash(b) && a.every((byte, i) => byte === b[i]);
}
