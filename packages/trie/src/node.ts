import { writeKeccak256 } from "@koinon/secp256k1/keccak";
import { BranchNode, type NodeRef } from "./branch-node.ts";
import { compactBytes, type Nibbles, readCompact, writeCompact } from "./nibbles.ts";
import { headerBytes, type RlpItem, readItem, stringBytes, writeHeader, writeString } from "./rlp-item.ts";
import { allocateBytes } from "./slab.ts";

/** The end of a key and its value. */
export interface LeafNode {
  readonly kind: "leaf";
  readonly key: Nibbles;
  readonly value: Uint8Array;
  /** During an update: what stands for it is in its place in the store and stays, unless the leaf leaves its place. */
  readonly isInPlace?: boolean | undefined;
}

/** Digits that all keys below have in common; its child is a branch. */
export interface ExtensionNode {
  readonly kind: "extension";
  readonly key: Nibbles;
  readonly child: NodeRef;
}

/** A node of the trie, decoded one level deep. */
export type TrieNode = LeafNode | ExtensionNode | BranchNode;

/** First byte of a reference by hash. */
const hashHeader = 0xa0;
const emptyItem = 0x80;

/** True for a reference by hash, false for a node that is embedded. */
export function isHashRef(ref: NodeRef): boolean {
  return ref.length === 33 && ref[0] === hashHeader;
}

/** The reference by hash to a node that is encoded. */
export function hashRef(encoded: Uint8Array): NodeRef {
  const ref = allocateBytes(33);
  ref[0] = hashHeader;
  writeKeccak256(encoded, ref, 1);
  return ref;
}

/** The RLP of a node. */
export function encodeNode(node: TrieNode): Uint8Array {
  if (node.kind === "branch") return node.encode();
  const isLeaf = node.kind === "leaf";
  const compactLength = compactBytes(node.key);
  // A compact key of one byte is below 0x80 by its flag, so it is its own encoding.
  const keyLength = compactLength === 1 ? 1 : headerBytes(compactLength) + compactLength;
  const length = keyLength + (isLeaf ? stringBytes(node.value) : node.child.length);
  const bytes = allocateBytes(headerBytes(length) + length);
  let at = writeHeader(length, 0xc0, bytes, 0);
  if (compactLength > 1) at = writeHeader(compactLength, 0x80, bytes, at);
  writeCompact(node.key, isLeaf, bytes, at);
  at += compactLength;
  if (isLeaf) writeString(node.value, bytes, at);
  else bytes.set(node.child, at);
  return bytes;
}

/** Decodes a node; undefined for anything that is not the canonical encoding of one. The result shares the bytes. */
export function decodeNode(bytes: Uint8Array): TrieNode | undefined {
  const list = readItem(bytes, 0, bytes.length);
  if (list === undefined || !list.isList || list.end !== bytes.length) return undefined;
  // The first item of a short node is a key: never empty, and 32 bytes only near the root. Anything else is a branch's.
  const first = bytes[list.payload];
  return first === emptyItem || first === hashHeader
    ? (BranchNode.read(bytes, list.payload, list.end) ?? decodeShort(bytes, list))
    : (decodeShort(bytes, list) ?? BranchNode.read(bytes, list.payload, list.end));
}

function decodeShort(bytes: Uint8Array, list: RlpItem): LeafNode | ExtensionNode | undefined {
  const first = readItem(bytes, list.payload, list.end);
  if (first === undefined || first.isList || first.end === first.payload) return undefined;
  const second = readItem(bytes, first.end, list.end);
  if (second === undefined || second.end !== list.end) return undefined;
  const compact = readCompact(bytes.subarray(first.payload, first.end));
  if (compact === undefined) return undefined;
  if (!compact.isLeaf) {
    if (compact.nibbles.length === 0 || !isRef(second)) return undefined;
    return { kind: "extension", key: compact.nibbles, child: bytes.subarray(second.start, second.end) };
  }
  if (second.isList || second.end === second.payload) return undefined;
  return { kind: "leaf", key: compact.nibbles, value: bytes.subarray(second.payload, second.end) };
}

function isRef(item: RlpItem): boolean {
  return item.isList ? item.end - item.start < 32 : item.end - item.payload === 32;
}
