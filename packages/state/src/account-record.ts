import { type Account, emptyCodeHash } from "@koinon/ethereum/account";
import { bytesToHex, type Hex, hexToBytes, writeHex } from "@koinon/secp256k1/hex";
import { emptyRoot } from "@koinon/trie/node-reader";
import { allocateBytes } from "@koinon/trie/slab";

/** An account with the root of its storage trie. */
export interface AccountRecord extends Account {
  readonly storageRoot: Hex;
}

/** Root of the storage trie of an account that stores nothing. */
export const emptyStorageRoot: Hex = bytesToHex(emptyRoot);

const emptyCodeHashBytes = hexToBytes(emptyCodeHash);
const hashHeader = 0xa0;
const emptyString = 0x80;
const shortList = 0xc0;
const longList = 0xf8;

const scratch = new Uint8Array(32);
const scratchView = new DataView(scratch.buffer);

/**
 * The account as the flat table holds it: RLP of nonce, balance, storage root and code hash, with no bytes for the root and
 * hash of nothing. Written by hand because every account of every block passes here.
 */
export function encodeAccountRecord(account: AccountRecord): Uint8Array {
  const { storageRoot, codeHash } = account;
  const rootBytes = storageRoot === emptyStorageRoot ? 1 : 33;
  const codeBytes = codeHash === emptyCodeHash ? 1 : 33;
  const length = integerBytes(account.nonce) + integerBytes(account.balance) + rootBytes + codeBytes;
  const bytes = new Uint8Array(length + (length > 55 ? 2 : 1));
  let at = writeListHeader(length, bytes);
  at = writeInteger(account.nonce, bytes, at);
  at = writeInteger(account.balance, bytes, at);
  at = writeHash(rootBytes === 1 ? undefined : storageRoot, bytes, at);
  writeHash(codeBytes === 1 ? undefined : codeHash, bytes, at);
  return bytes;
}

/** Reads what `encodeAccountRecord` wrote and a checksum has vouched for. */
export function decodeAccountRecord(bytes: Uint8Array): AccountRecord {
  const nonceAt = headerBytes(bytes);
  const balanceAt = itemEnd(bytes, nonceAt);
  const rootAt = itemEnd(bytes, balanceAt);
  const codeAt = itemEnd(bytes, rootAt);
  return {
    nonce: readInteger(bytes, nonceAt, balanceAt),
    balance: readInteger(bytes, balanceAt, rootAt),
    storageRoot: readHash(bytes, rootAt, codeAt) ?? emptyStorageRoot,
    codeHash: readHash(bytes, codeAt, bytes.length) ?? emptyCodeHash,
  };
}

/** True for bytes that `encodeAccountRecord` could have written. */
export function isAccountRecord(bytes: Uint8Array): boolean {
  if (bytes.length < 5 || bytes.length > 112) return false;
  try {
    const again = encodeAccountRecord(decodeAccountRecord(bytes));
    return Buffer.compare(again, bytes) === 0;
  } catch {
    return false;
  }
}

/** The leaf of the account trie for a record: the same list with all hashes spelled out (yellow paper section 4.1). */
export function accountLeaf(record: Uint8Array): Uint8Array {
  const start = headerBytes(record);
  const rootAt = itemEnd(record, itemEnd(record, start));
  const codeAt = itemEnd(record, rootAt);
  const length = rootAt - start + 66;
  const leaf = allocateBytes(length + 2);
  let at = writeListHeader(length, leaf);
  // Byte by byte: a view of a small array makes the engine move its bytes to memory of their own.
  for (let index = start; index < rootAt; index++) leaf[at++] = record[index] as number;
  leaf[at] = hashHeader;
  leaf.set(codeAt - rootAt === 1 ? emptyRoot : record.subarray(rootAt + 1, codeAt), at + 1);
  leaf[at + 33] = hashHeader;
  leaf.set(record.length - codeAt === 1 ? emptyCodeHashBytes : record.subarray(codeAt + 1), at + 34);
  return leaf;
}

/** The root of the storage trie that a record names. */
export function storageRootOf(record: Uint8Array): Hex {
  const rootAt = itemEnd(record, itemEnd(record, headerBytes(record)));
  return readHash(record, rootAt, itemEnd(record, rootAt)) ?? emptyStorageRoot;
}

function headerBytes(record: Uint8Array): number {
  return (record[0] as number) >= longList ? 2 : 1;
}

/** Where the short string at a place ends. */
function itemEnd(bytes: Uint8Array, at: number): number {
  const prefix = bytes[at] as number;
  return prefix < emptyString ? at + 1 : at + 1 + prefix - emptyString;
}

function writeListHeader(length: number, target: Uint8Array): number {
  if (length <= 55) {
    target[0] = shortList + length;
    return 1;
  }
  target[0] = longList;
  target[1] = length;
  return 2;
}

function integerBytes(value: bigint): number {
  if (value < 0x80n) return 1;
  return 1 + significantBytes(value);
}

function significantBytes(value: bigint): number {
  if (value <= 0xffff_ffff_ffffn) return Math.ceil((48 - clz48(Number(value))) / 8);
  return (value.toString(16).length + 1) >> 1;
}

function clz48(value: number): number {
  const high = Math.floor(value / 0x1_0000_0000);
  return high > 0 ? Math.clz32(high) - 16 : 16 + Math.clz32(value >>> 0);
}

function writeInteger(value: bigint, target: Uint8Array, at: number): number {
  if (value < 0x80n) {
    target[at] = value === 0n ? emptyString : Number(value);
    return at + 1;
  }
  const length = significantBytes(value);
  scratchView.setBigUint64(24, BigInt.asUintN(64, value));
  if (length > 8) scratchView.setBigUint64(16, BigInt.asUintN(64, value >> 64n));
  if (length > 16) {
    scratchView.setBigUint64(8, BigInt.asUintN(64, value >> 128n));
    scratchView.setBigUint64(0, BigInt.asUintN(64, value >> 192n));
  }
  target[at] = emptyString + length;
  for (let index = 0; index < length; index++) target[at + 1 + index] = scratch[32 - length + index] as number;
  return at + 1 + length;
}

function readInteger(bytes: Uint8Array, at: number, end: number): bigint {
  const first = bytes[at] as number;
  if (end === at + 1) return first === emptyString ? 0n : BigInt(first);
  const length = end - at - 1;
  if (length <= 6) {
    let value = 0;
    for (let index = at + 1; index < end; index++) value = value * 256 + (bytes[index] as number);
    return BigInt(value);
  }
  scratch.fill(0);
  for (let index = 0; index < length; index++) scratch[32 - length + index] = bytes[at + 1 + index] as number;
  const low = (scratchView.getBigUint64(16) << 64n) | scratchView.getBigUint64(24);
  if (length <= 16) return low;
  return (((scratchView.getBigUint64(0) << 64n) | scratchView.getBigUint64(8)) << 128n) | low;
}

function writeHash(hash: Hex | undefined, target: Uint8Array, at: number): number {
  if (hash === undefined) {
    target[at] = emptyString;
    return at + 1;
  }
  target[at] = hashHeader;
  writeHex(hash, target, at + 1, 32);
  return at + 33;
}

function readHash(bytes: Uint8Array, at: number, end: number): Hex | undefined {
  return end === at + 1 ? undefined : bytesToHex(bytes.subarray(at + 1, end));
}
