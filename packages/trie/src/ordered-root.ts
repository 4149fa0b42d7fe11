import { bytesToNibbles } from "./nibbles.ts";
import type { NodeReader } from "./node-reader.ts";
import { updateTrie } from "./update.ts";

const nothingStored: NodeReader = { node: () => undefined };

/**
 * The root over a block's list of transactions, receipts or withdrawals: item i, already encoded and not empty, under the key
 * RLP(i) (yellow paper section 4.3.2).
 */
export function orderedRoot(items: readonly Uint8Array[]): Uint8Array {
  const changes = items.map((value, index) => ({ key: bytesToNibbles(rlpOfIndex(index)), value }));
  changes.sort((a, b) => (a.key < b.key ? -1 : 1));
  return updateTrie(nothingStored, changes).root;
}

/** The RLP of a list index, which is the key of that item in a list's trie. */
export function rlpOfIndex(index: number): Uint8Array {
  if (index === 0) return Uint8Array.of(0x80);
  if (index < 0x80) return Uint8Array.of(index);
  const bytes: number[] = [];
  for (let rest = index; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Uint8Array.of(0x80 + bytes.length, ...bytes);
}
