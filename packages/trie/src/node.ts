import { compactBytes, type Nibbles, readCompact, writeCompact } from "./nibbles.ts";
import { headerBytes, type RlpItem, readItem, stringBytes, writeHeader, writeString } from "./rlp-item.ts";
import { allocateBytes } from "./slab.ts";

/**
 * A child as it stands inside its parent (yellow paper appendix D, function n): `a0` and 32 bytes of hash, or, when the child
 * is encoded in less than 32 bytes, that encoding itself.
 */
export type NodeRef = Uint8Array;

/** The end of a key and its value. */
export interface LeafNode {
  readonly kind: "leaf";
  readonly key: Nibbles;
  readonly value: Uint8Array;
}

/** Digits that all keys below have in common; its child is a branch. */
export interface ExtensionNode {
  readonly kind: "extension";
  readonly key: Nibbles;
  readonly child: NodeRef;
}

/** Sixteen children by the next digit, and the value of the key that ends here. */
export interface BranchNode {
  readonly kind: "branch";
  readonly children: readonly (NodeRef | undefined)[];
  readonly value: Uint8Array | undefined;
}

/** A node of the trie, decoded one level deep. */
export type TrieNode = LeafNode | ExtensionNode | BranchNode;

/** First byte of a reference by hash. */
const hashHeader = 0xa0;

/** True for a reference by hash, false for a node that is embedded. */
export function isHashRef(ref: NodeRef): boolean {
  return ref.length === 33 && ref[0] === hashHeader;
}

/** The reference to a node by its hash. */
export function hashRef(hash: Uint8Array): NodeRef {
  const ref = allocateBytes(33);
  ref[0] = hashHeader;
  ref.set(hash, 1);
  return ref;
}

/** The RLP of a node. */
export function encodeNode(node: TrieNode): Uint8Array {
  if (node.kind === "branch") return encodeBranch(node);
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

function encodeBranch({ children, value }: BranchNode): Uint8Array {
  let length = value === undefined ? 1 : stringBytes(value);
  for (let index = 0; index < 16; index++) length += children[index]?.length ?? 1;
  const bytes = allocateBytes(headerBytes(length) + length);
  let at = writeHeader(length, 0xc0, bytes, 0);
  for (let index = 0; index < 16; index++) {
    const child = children[index];
    if (child === undefined) bytes[at++] = 0x80;
    else {
      bytes.set(child, at);
      at += child.length;
    }
  }
  if (value === undefined) bytes[at] = 0x80;
  else writeString(value, bytes, at);
  return bytes;
}

/** Decodes a node; undefined for anything that is not the canonical encoding of one. The result shares the bytes. */
export function decodeNode(bytes: Uint8Array): TrieNode | undefined {
  const list = readItem(bytes, 0, bytes.length);
  if (list === undefined || !list.isList || list.end !== bytes.length) return undefined;
  // A branch has at least sixteen one-byte items; most shorter nodes have two items, and the rest is sorted out by trying.
  return decodeShort(bytes, list) ?? decodeBranch(bytes, list);
}

function decodeBranch(bytes: Uint8Array, list: RlpItem): BranchNode | undefined {
  const children = new Array<NodeRef | undefined>(16).fill(undefined);
  let at = list.payload;
  for (let index = 0; index < 16; index++) {
    const end = refEnd(bytes, at, list.end);
    if (end === undefined) return undefined;
    if (end > at + 1) children[index] = bytes.subarray(at, end);
    at = end;
  }
  const last = readItem(bytes, at, list.end);
  if (last === undefined || last.isList || last.end !== list.end) return undefined;
  const value = last.end === last.payload ? undefined : bytes.subarray(last.payload, last.end);
  return { kind: "branch", children, value };
}

/** Where the child at `start` ends, one byte on for an empty one; undefined when it can not be a child. */
function refEnd(bytes: Uint8Array, start: number, limit: number): number | undefined {
  const prefix = bytes[start] as number;
  if (start < limit && prefix === 0x80) return start + 1;
  if (prefix === hashHeader) return start + 33 <= limit ? start + 33 : undefined;
  const item = readItem(bytes, start, limit);
  return item !== undefined && isRef(item) ? item.end : undefined;
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
