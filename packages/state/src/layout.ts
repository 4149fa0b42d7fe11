import { blockNumberBytes } from "./block-number.ts";
import { writeUint32 } from "./checksum.ts";

/** Version of the layout on disk; another one is refused. */
export const stateFormat = 2;

/** The tables of the store itself; those of its user have a prefix. */
export const tables = {
  /** Accounts, slots and trie nodes of the last block, by state key. */
  state: "state",
  /** Code by hash; never removed, since contracts share it and history may bring it back. */
  code: "code",
  /** Earlier values by block number and bucket, bucket 0 being the header. */
  history: "history",
  /** In archives: empty entries by state key and the number of a block that changed it. */
  changes: "changes",
  /** Committed blocks that can still be read, by number. */
  blocks: "blocks",
  /** Number of a committed block by its hash. */
  numbers: "numbers",
  /** Format, head and oldest readable block. */
  meta: "meta",
} as const;

/** Prefix of the names of tables that belong to the user of the store. */
export const userTablePrefix = "user:";

const text = (value: string) => new TextEncoder().encode(value);

/** Keys of the table `meta`. */
export const metaKeys = { format: text("format"), head: text("head"), oldest: text("oldest") };

/** Key of a record of the table `history`. */
export function historyKey(block: bigint, index: number): Uint8Array {
  // Byte by byte: a view of a small array makes the engine move its bytes to memory of their own.
  const key = new Uint8Array(12);
  writeUint32(key, 0, Number(block >> 32n));
  writeUint32(key, 4, Number(block & 0xffff_ffffn));
  writeUint32(key, 8, index);
  return key;
}

/** Key of an entry of the table `changes`. */
export function changeIndexKey(key: Uint8Array, block: bigint): Uint8Array {
  const bytes = new Uint8Array(key.length + 9);
  bytes.set(key);
  // A byte that no path has (its digits are ASCII), so that keys which begin like this one lie behind all of its blocks.
  bytes.set(blockNumberBytes(block), key.length + 1);
  return bytes;
}

/** Value of the key `format`. */
export function encodeFormat(isArchive: boolean): Uint8Array {
  return Uint8Array.of(stateFormat, isArchive ? 1 : 0);
}
