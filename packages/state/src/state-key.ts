import type { Address } from "@koinon/secp256k1/address";
import type { Nibbles } from "@koinon/trie/nibbles";
import { allocateBytes } from "@koinon/trie/slab";

/**
 * The name of one entry of the state, as text while in memory and as bytes on disk:
 *
 * - an account is its address, `0x` and 40 digits; on disk `a` and 20 bytes;
 * - a storage slot is the address followed by the 64 digits of the slot; on disk `s` and 52 bytes;
 * - a node of the account trie is its path; on disk `n` and a byte per digit, so that a node is near its children;
 * - a node of a storage trie is `m`, the 64 digits of the hash of the address, and its path; on disk the hash is packed.
 */
export type StateKey = string;

const addressDigits = 40;
const letters = { account: 97, storageNode: 109, accountNode: 110, slot: 115, x: 120 };

/** Key of an account. */
export function accountKey(address: Address): StateKey {
  return address;
}

/** Key of a storage slot. */
export function slotKey(address: Address, slot: bigint): StateKey {
  return address + slot.toString(16).padStart(64, "0");
}

/** True for a storage slot of any account. */
export function isSlotKey(key: StateKey): boolean {
  return key.length === addressDigits + 66 && !isNodeKey(key);
}

/** Key of a node of the account trie. */
export function accountNodeKey(path: Nibbles): StateKey {
  return path;
}

/** Key of a node of a storage trie; the hash is the digits of the address's Keccak-256. */
export function storageNodeKey(addressHash: Nibbles, path: Nibbles): StateKey {
  return `m${addressHash}${path}`;
}

/** How deep the node of either kind of trie is that has this key: how many digits its path has. */
export function nodeDepth(key: StateKey): number {
  return key.charCodeAt(0) === letters.storageNode ? key.length - 65 : key.length;
}

/** True for a node of either kind of trie. */
export function isNodeKey(key: StateKey): boolean {
  return key.charCodeAt(1) !== letters.x;
}

/** Bytes that a key takes on disk. */
export function keyBytes(key: StateKey): number {
  if (key.charCodeAt(1) === letters.x) return key.length >> 1;
  return key.charCodeAt(0) === letters.storageNode ? key.length - 32 : 1 + key.length;
}

/** Writes a key as it is on disk and answers where it ends. */
export function writeKey(key: StateKey, target: Uint8Array, offset: number): number {
  if (key.charCodeAt(1) === letters.x) {
    target[offset] = key.length === addressDigits + 2 ? letters.account : letters.slot;
    return writePacked(key, 2, key.length, target, offset + 1);
  }
  let at = offset + 1;
  let index = 0;
  if (key.charCodeAt(0) === letters.storageNode) {
    target[offset] = letters.storageNode;
    at = writePacked(key, 1, 65, target, at);
    index = 65;
  } else target[offset] = letters.accountNode;
  for (; index < key.length; index++) target[at++] = key.charCodeAt(index);
  return at;
}

/** The key as it is on disk. */
export function keyToBytes(key: StateKey): Uint8Array {
  const bytes = allocateBytes(keyBytes(key));
  writeKey(key, bytes, 0);
  return bytes;
}

/** The key that these bytes are on disk. */
export function keyFromBytes(bytes: Uint8Array): StateKey {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes[0] === letters.accountNode) return text.toString("latin1", 1);
  if (bytes[0] === letters.storageNode) return `m${text.toString("hex", 1, 33)}${text.toString("latin1", 33)}`;
  return `0x${text.toString("hex", 1)}`;
}

/** Where all accounts are on disk, and nothing else. */
export const accountRange = { start: Uint8Array.of(letters.account), end: Uint8Array.of(letters.account + 1) };

/** Where the slots of an account are on disk, and nothing else. */
export function slotRange(address: string): { start: Uint8Array; end: Uint8Array } {
  const start = new Uint8Array(21);
  start[0] = letters.slot;
  writePacked(address, 2, address.length, start, 1);
  // Longer than any key of the account by a byte, and no smaller than any of them.
  const end = new Uint8Array(54).fill(0xff);
  end.set(start);
  return { start, end };
}

function writePacked(text: string, from: number, to: number, target: Uint8Array, offset: number): number {
  let at = offset;
  for (let index = from; index < to; index += 2) target[at++] = (digitAt(text, index) << 4) | digitAt(text, index + 1);
  return at;
}

function digitAt(text: string, index: number): number {
  const code = text.charCodeAt(index);
  return code < 58 ? code - 48 : code - 87;
}
