import type { Address } from "@koinon/secp256k1/address";
import type { Nibbles } from "@koinon/trie/nibbles";

/**
 * The name of one entry of the state, as text while in memory and as bytes on disk. The first letter says what it is:
 * `a` account (address), `s` storage slot (address, slot), `n` node of the account trie (path), `m` node of a storage trie
 * (hash of the address, path). Entries that begin alike lie together on disk, so a node is near its children.
 */
export type StateKey = string;

/** Key of an account. */
export function accountKey(address: Address): StateKey {
  return `a${address.slice(2)}`;
}

/** What the keys of all slots of an account begin with. */
export function slotPrefix(address: Address): StateKey {
  return `s${address.slice(2)}`;
}

/** Key of a storage slot. */
export function slotKey(address: Address, slot: bigint): StateKey {
  return `s${address.slice(2)}${slot.toString(16).padStart(64, "0")}`;
}

/** Key of a node of the account trie. */
export function accountNodeKey(path: Nibbles): StateKey {
  return `n${path}`;
}

/** Key of a node of a storage trie; the hash is the digits of the address's Keccak-256. */
export function storageNodeKey(addressHash: Nibbles, path: Nibbles): StateKey {
  return `m${addressHash}${path}`;
}

/** True for a node of either kind of trie. */
export function isNodeKey(key: StateKey): boolean {
  return key.charCodeAt(0) === letterM || key.charCodeAt(0) === letterN;
}

const letterM = 109;
const letterN = 110;

/** Digits after the letter that are packed two to a byte; a path stays one byte per digit, so that prefixes sort first. */
function packedDigits(letter: number, length: number): number {
  if (letter === letterN) return 0;
  return letter === letterM ? 64 : length - 1;
}

/** The key as it is on disk. */
export function keyToBytes(key: StateKey): Uint8Array {
  const letter = key.charCodeAt(0);
  const packed = packedDigits(letter, key.length);
  const bytes = new Uint8Array(key.length - (packed >> 1));
  bytes[0] = letter;
  let at = 1;
  let index = 1;
  for (; index <= packed; index += 2) bytes[at++] = (digitAt(key, index) << 4) | digitAt(key, index + 1);
  for (; index < key.length; index++) bytes[at++] = key.charCodeAt(index);
  return bytes;
}

/** The key that these bytes are on disk. */
export function keyFromBytes(bytes: Uint8Array): StateKey {
  const letter = bytes[0] as number;
  const packedBytes = letter === letterN ? 0 : letter === letterM ? 32 : bytes.length - 1;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const packed = text.toString("hex", 1, 1 + packedBytes);
  return `${String.fromCharCode(letter)}${packed}${text.toString("latin1", 1 + packedBytes)}`;
}

function digitAt(text: string, index: number): number {
  const code = text.charCodeAt(index);
  return code < 58 ? code - 48 : code - 87;
}
