import { keccak256 } from "@koinon/secp256k1/keccak";
import { BranchNode, type NodeRef } from "./branch-node.ts";
import { bytesToNibbles, commonPrefixLength, type Nibbles, nibbleAt } from "./nibbles.ts";
import { encodeNode, hashRef } from "./node.ts";
import { emptyRoot } from "./node-reader.ts";

/** Keys are the same in every block. */
const keys: Nibbles[] = [];
const keysRememberedMax = 65_536;

/** RLP(0) is 0x80, after the single bytes of 1 to 127 and before the longer ones: the only index out of its place. */
const placeOfZero = 127;

/**
 * The root over a block's list of transactions, receipts or withdrawals: item i, already encoded and not empty, under the key
 * RLP(i) (yellow paper section 4.3.2).
 */
export function orderedRoot(items: readonly Uint8Array[]): Uint8Array {
  return items.length === 0 ? emptyRoot : keccak256(encodeSubtree(items, 0, items.length, 0));
}

/** The node over the items at places `from` to `to` in the order of their keys, which agree on the first `depth` digits. */
function encodeSubtree(items: readonly Uint8Array[], from: number, to: number, depth: number): Uint8Array {
  const first = keyAt(from, items.length);
  if (to === from + 1) {
    const value = items[indexAt(from, items.length)] as Uint8Array;
    return encodeNode({ kind: "leaf", key: first.slice(depth), value });
  }
  // No RLP of an index is the beginning of another.
  const fork = commonPrefixLength(first, keyAt(to - 1, items.length), depth);
  const children = new Array<NodeRef | undefined>(16).fill(undefined);
  for (let place = from; place < to; ) {
    const nibble = nibbleAt(keyAt(place, items.length), fork);
    const start = place++;
    while (place < to && nibbleAt(keyAt(place, items.length), fork) === nibble) place++;
    children[nibble] = refOf(encodeSubtree(items, start, place, fork + 1));
  }
  const branch = BranchNode.of(children, undefined).encode();
  if (fork === depth) return branch;
  return encodeNode({ kind: "extension", key: first.slice(depth, fork), child: refOf(branch) });
}

function refOf(node: Uint8Array): NodeRef {
  return node.length < 32 ? node : hashRef(node);
}

/** The index whose key is at a place in the order of keys. */
function indexAt(place: number, count: number): number {
  const zero = Math.min(placeOfZero, count - 1);
  if (place > zero) return place;
  return place === zero ? 0 : place + 1;
}

function keyAt(place: number, count: number): Nibbles {
  const index = indexAt(place, count);
  const known = keys[index];
  if (known !== undefined) return known;
  const key = bytesToNibbles(rlpOfIndex(index));
  if (index < keysRememberedMax) keys[index] = key;
  return key;
}

/** The RLP of a list index, which is the key of that item in a list's trie. */
export function rlpOfIndex(index: number): Uint8Array {
  if (index === 0) return Uint8Array.of(0x80);
  if (index < 0x80) return Uint8Array.of(index);
  const bytes: number[] = [];
  for (let rest = index; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Uint8Array.of(0x80 + bytes.length, ...bytes);
}
