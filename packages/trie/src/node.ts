import { compactBytes, type Nibbles, readCompact, writeCompact } from "./nibbles.ts";
import { headerBytes, type RlpItem, readItem, stringBytes, writeHeader, writeString } from "./rlp-item.ts";

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
  const ref = new Uint8Array(33);
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
  const bytes = new Uint8Array(headerBytes(length) + length);
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
  const bytes = new Uint8Array(headerBytes(length) + length);
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
  const items: RlpItem[] = [];
  for (let at = list.payload; at < list.end; ) {
    const item = readItem(bytes, at, list.end);
    if (item === undefined || items.length === 17) return undefined;
    items.push(item);
    at = item.end;
  }
  if (items.length === 17) return decodeBranch(bytes, items);
  return items.length === 2 ? decodeShort(bytes, items[0] as RlpItem, items[1] as RlpItem) : undefined;
}

function decodeBranch(bytes: Uint8Array, items: readonly RlpItem[]): BranchNode | undefined {
  const children = new Array<NodeRef | undefined>(16);
  for (let index = 0; index < 16; index++) {
    const item = items[index] as RlpItem;
    if (!item.isList && item.end - item.start === 1 && bytes[item.start] === 0x80) children[index] = undefined;
    else if (isRef(item)) children[index] = bytes.subarray(item.start, item.end);
    else return undefined;
  }
  const last = items[16] as RlpItem;
  if (last.isList) return undefined;
  const value = last.end === last.payload ? undefined : bytes.subarray(last.payload, last.end);
  return { kind: "branch", children, value };
}

function decodeShort(bytes: Uint8Array, first: RlpItem, second: RlpItem): LeafNode | ExtensionNode | undefined {
  if (first.isList) return undefined;
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
