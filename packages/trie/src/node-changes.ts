import { keccak256, keccak256InPlace } from "@koinon/secp256k1/keccak";
import type { NodeRef } from "./branch-node.ts";
import type { Nibbles } from "./nibbles.ts";
import { encodeNode, hashRef, isHashRef, type LeafNode, type TrieNode } from "./node.ts";
import { type NodeReader, parseNode } from "./node-reader.ts";
import { TrieError } from "./trie-error.ts";

/** What a stored node was and is to be; undefined where there is none. */
export interface NodeChange {
  readonly before: Uint8Array | undefined;
  readonly after: Uint8Array | undefined;
}

interface Touched {
  before: Uint8Array | undefined;
  after: Uint8Array | undefined;
}

/** What a store that keeps values elsewhere holds at a leaf's path in its place, by the whole key of the leaf; always the same. */
export type LeafEntry = (key: Nibbles) => Uint8Array;

/**
 * What an update reads and writes. A stored node that is taken out is gone unless it is put back or another takes its path,
 * so whatever an update forgets is deleted: the store always holds exactly the nodes that the root reaches.
 */
export class NodeChanges {
  readonly #reader: NodeReader;
  readonly #leafEntry: LeafEntry | undefined;
  readonly #touched = new Map<Nibbles, Touched>();

  constructor(reader: NodeReader, leafEntry: LeafEntry | undefined) {
    this.#reader = reader;
    this.#leafEntry = leafEntry;
  }

  /** Takes the root out of the store; undefined for an empty trie. A leaf is held against the root's hash, when that is known. */
  takeRoot(hash: Uint8Array | undefined): TrieNode | undefined {
    const bytes = this.#reader.node("");
    if (bytes === undefined) return undefined;
    return this.#opened(bytes, "", hash);
  }

  /** Takes a child out of the store, or decodes it from its parent. */
  take(ref: NodeRef, path: Nibbles): TrieNode {
    if (!isHashRef(ref)) return parseNode(ref);
    const bytes = this.#reader.node(path);
    if (bytes === undefined) throw new TrieError({ code: "NODE_MISSING", path });
    return this.#opened(bytes, path, ref.subarray(1));
  }

  /**
   * The leaf of a key, in its place and without reading it, when its hash is the one in the reference; undefined when something
   * else is referred to.
   */
  knownLeaf(ref: NodeRef, path: Nibbles, key: Nibbles, value: Uint8Array): LeafNode | undefined {
    if (this.#leafEntry === undefined || !isHashRef(ref)) return undefined;
    const leaf: LeafNode = { kind: "leaf", key: key.slice(path.length), value, isInPlace: true };
    return isHashOf(ref.subarray(1), encodeNode(leaf)) ? leaf : undefined;
  }

  /** Takes a leaf out of the store that was in place until now. */
  removeLeaf({ key }: LeafNode, path: Nibbles): void {
    this.#touched.set(path, { before: this.#leafEntry?.(path + key), after: undefined });
  }

  /** Stored values were put together to leaves by the reader: that they are those of this trie only the hash can tell. */
  #opened(bytes: Uint8Array, path: Nibbles, hash: Uint8Array | undefined): TrieNode {
    const node = parseNode(bytes);
    let before = bytes;
    if (node.kind === "leaf" && this.#leafEntry !== undefined) {
      if (hash !== undefined && !isHashOf(hash, bytes)) throw new TrieError({ code: "NODE_HASH_WRONG", path });
      before = this.#leafEntry(path + node.key);
    }
    this.#touched.set(path, { before, after: undefined });
    return node;
  }

  /** Puts back, unchanged, what `take` took from this path. */
  putBack(path: Nibbles): void {
    this.#touched.delete(path);
  }

  /** Encodes a node at its final path and answers how its parent refers to it. */
  seal(node: TrieNode, path: Nibbles): NodeRef {
    const bytes = encodeNode(node);
    const isEmbedded = bytes.length < 32;
    if (node.kind === "leaf" && node.isInPlace === true) {
      if (isEmbedded) this.removeLeaf(node, path);
    } else if (!isEmbedded) this.#write(path, this.#stored(node, path, bytes));
    return isEmbedded ? bytes : hashRef(bytes);
  }

  /** Encodes the root, which is hashed and stored whatever its size, and answers its hash. */
  sealRoot(node: TrieNode): Uint8Array {
    const bytes = encodeNode(node);
    this.#write("", this.#stored(node, "", bytes));
    return keccak256(bytes);
  }

  #stored(node: TrieNode, path: Nibbles, bytes: Uint8Array): Uint8Array {
    return node.kind === "leaf" && this.#leafEntry !== undefined ? this.#leafEntry(path + node.key) : bytes;
  }

  /** Everything that is different afterwards, by path. */
  result(): Map<Nibbles, NodeChange> {
    // Without an array for each entry, which iterating makes.
    this.#touched.forEach(({ before, after }, path) => {
      if (isSame(before, after)) this.#touched.delete(path);
    });
    return this.#touched;
  }

  #write(path: Nibbles, bytes: Uint8Array): void {
    const touched = this.#touched.get(path);
    if (touched === undefined) this.#touched.set(path, { before: undefined, after: bytes });
    else touched.after = bytes;
  }
}

function isHashOf(hash: Uint8Array, bytes: Uint8Array): boolean {
  const digest = keccak256InPlace(bytes);
  for (let index = 0; index < hash.length; index++) if (digest.getUint8(index) !== hash[index]) return false;
  return hash.length === digest.byteLength;
}

function isSame(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}
