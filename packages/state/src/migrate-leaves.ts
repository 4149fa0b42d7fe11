import { decodeNode } from "@koinon/trie/node";
import { blockNumberBytes } from "./block-number.ts";
import { decodeBlock } from "./block-record.ts";
import type { Database } from "./database.ts";
import { leafReference } from "./entry-nodes.ts";
import { hashedKey } from "./hashed-key.ts";
import { encodeFormat, metaKeys, tables } from "./layout.ts";
import {
  accountNodeKey,
  isNodeKey,
  isSlotKey,
  keyFromBytes,
  keyToBytes,
  type StateKey,
  storageNodeKey,
} from "./state-key.ts";
import { WriteBatch } from "./write-batch.ts";

/** The layout that had the whole leaves of the tries beside the entries. */
export const formatWithLeaves = 1;

/**
 * Brings a store of `formatWithLeaves` to the present layout, in one transaction. Its history holds leaves too and is left behind:
 * the head is then the oldest block that can be read. Synchronous, a minute or two per million accounts.
 */
export function migrateLeaves(database: Database): void {
  const batch = new WriteBatch();
  for (const { key } of database.range(tables.state)) {
    const name = keyFromBytes(key);
    if (!isNodeKey(name)) replaceLeaf(database, name, batch);
  }
  const head = database.get(tables.meta, metaKeys.head);
  if (head !== undefined) dropHistory(database, decodeBlock(head).number, batch);
  batch.put(tables.meta, metaKeys.format, encodeFormat(false));
  database.writeAtOnce(batch);
  database.refresh();
}

/** Looks for the leaf of an account or slot from the root down: nothing is stored within an extension. */
function replaceLeaf(database: Database, entry: StateKey, batch: WriteBatch): void {
  const address = entry.slice(2, 42);
  const digits = isSlotKey(entry) ? entry.slice(42) : address;
  const hash = hashedKey(digits);
  const ownerHash = isSlotKey(entry) ? hashedKey(address) : undefined;
  for (let depth = 0; depth <= hash.length; depth++) {
    const path = hash.slice(0, depth);
    const name = ownerHash === undefined ? accountNodeKey(path) : storageNodeKey(ownerHash, path);
    const bytes = database.get(tables.state, keyToBytes(name));
    const node = bytes && decodeNode(bytes);
    if (node?.kind !== "leaf") continue;
    if (path + node.key === hash) batch.putEntry(tables.state, name, leafReference(digits, digits.length));
    return;
  }
}

function dropHistory(database: Database, head: bigint, batch: WriteBatch): void {
  const number = blockNumberBytes(head);
  for (const { key } of database.range(tables.history)) batch.remove(tables.history, key);
  for (const { key } of database.range(tables.blocks, { end: number })) batch.remove(tables.blocks, key);
  for (const { key, value } of database.range(tables.numbers))
    if (Buffer.compare(value, number) !== 0) batch.remove(tables.numbers, key);
  batch.put(tables.meta, metaKeys.oldest, number);
}
