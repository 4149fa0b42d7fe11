import type { Address } from "@koinon/secp256k1/address";
import type { Nibbles } from "@koinon/trie/nibbles";
import { allocateBytes } from "@koinon/trie/slab";
import { hashedKey } from "./hashed-key.ts";

/**
 * The name of one entry of the state, as text while in memory and as bytes on disk:
 *
 * - an account is its address, `0x` and 40 digits;
 * - a storage slot is the address followed by the 64 digits of the slot;
 * - a node of the account trie is its path;
 * - a node of a storage trie is `m`, the 64 digits of the hash of the address, and its path.
 *
 * On disk a node is `n` or `m` and the hash, and a byte per digit of its path, so that a node is near its children. Accounts and
 * slots begin with eight digits of the path that their leaf is on, then `x` and their bytes: they share a page with their leaf,
 * and a block that touches an account at random dirties one page for both.
 */
export type StateKey = string;

const addressDigits = 40;
const pathDigits = 8;
const letters = { storage: 109, account: 110, x: 120 };
const accountBytes = 1 + pathDigits + 1 + 20;
const storageBytes = 33;
const slotBytes = storageBytes + pathDigits + 1 + 52;

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

/** True for a node of either kind of trie. */
export function isNodeKey(key: StateKey): boolean {
  return key.charCodeAt(1) !== letters.x;
}

/** Bytes that a key takes on disk. */
export function keyBytes(key: StateKey): number {
  if (key.charCodeAt(1) === letters.x) return key.length === addressDigits + 2 ? accountBytes : slotBytes;
  return key.charCodeAt(0) === letters.storage ? key.length - 32 : 1 + key.length;
}

/** Writes a key as it is on disk and answers where it ends; `path` is that of an account or slot, where it is known. */
export function writeKey(key: StateKey, target: Uint8Array, offset: number, path?: Nibbles): number {
  if (key.charCodeAt(1) === letters.x) return writeEntryKey(key, target, offset, path);
  if (key.charCodeAt(0) === letters.storage) {
    target[offset] = letters.storage;
    return writeText(key, 65, key.length, target, writePacked(key, 1, 65, target, offset + 1));
  }
  target[offset] = letters.account;
  return writeText(key, 0, key.length, target, offset + 1);
}

function writeEntryKey(key: StateKey, target: Uint8Array, offset: number, path: Nibbles | undefined): number {
  const isAccount = key.length === addressDigits + 2;
  target[offset] = isAccount ? letters.account : letters.storage;
  let at = offset + 1;
  if (!isAccount) at = writePacked(hashedAddress(key), 0, 64, target, at);
  at = writeText(path ?? entryPath(key), 0, pathDigits, target, at);
  target[at] = letters.x;
  return writePacked(key, 2, key.length, target, at + 1);
}

/** The path of the leaf of an account or slot: the digits of the hash of its address or slot. */
export function entryPath(key: StateKey): Nibbles {
  return hashedKey(key.slice(key.length === addressDigits + 2 ? 2 : addressDigits + 2));
}

/** Slots come one after another of the same account. */
let lastAddress = "";
let lastAddressHash = "";

function hashedAddress(key: StateKey): Nibbles {
  if (lastAddress === "" || !key.startsWith(lastAddress)) {
    lastAddress = key.slice(0, addressDigits + 2);
    lastAddressHash = hashedKey(lastAddress.slice(2));
  }
  return lastAddressHash;
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
  const pathAt = bytes[0] === letters.account ? 1 : storageBytes;
  // Paths have digits only.
  if (bytes[pathAt + pathDigits] === letters.x) return `0x${text.toString("hex", pathAt + pathDigits + 1)}`;
  return pathAt === 1
    ? text.toString("latin1", 1)
    : `m${text.toString("hex", 1, pathAt)}${text.toString("latin1", pathAt)}`;
}

/** True for an account, of the keys that begin with `0x`. */
export function isAccountKey(key: StateKey): boolean {
  return key.length === addressDigits + 2 && !isNodeKey(key);
}

/** Where all accounts are on disk, among the nodes of their trie. */
export const accountRange = { start: Uint8Array.of(letters.account), end: Uint8Array.of(letters.account + 1) };

/** Where the slots of an account are on disk, among the nodes of their trie. */
export function slotRange(address: string): { start: Uint8Array; end: Uint8Array } {
  const start = new Uint8Array(storageBytes);
  start[0] = letters.storage;
  writePacked(hashedKey(address.slice(2)), 0, 64, start, 1);
  // No digit and no x is as high.
  const end = new Uint8Array(storageBytes + 1).fill(0xff);
  end.set(start);
  return { start, end };
}

function writeText(text: string, from: number, to: number, target: Uint8Array, offset: number): number {
  let at = offset;
  for (let index = from; index < to; index++) target[at++] = text.charCodeAt(index);
  return at;
}

/** Writes digits, two a byte, and answers where they end. */
export function writePacked(text: string, from: number, to: number, target: Uint8Array, offset: number): number {
  let at = offset;
  for (let index = from; index < to; index += 2) target[at++] = (digitAt(text, index) << 4) | digitAt(text, index + 1);
  return at;
}

function digitAt(text: string, index: number): number {
  const code = text.charCodeAt(index);
  return code < 58 ? code - 48 : code - 87;
}
