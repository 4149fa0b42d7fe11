import { keccak256 } from "@koinon/secp256k1/keccak";
import type { NodeRef } from "./branch-node.ts";
import type { Nibbles } from "./nibbles.ts";
import { encodeNode, hashRef, isHashRef, type TrieNode } from "./node.ts";
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

/**
 * What an update reads and writes. A stored node that is taken out is gone unless it is put back or another takes its path,
 * so whatever an update forgets is deleted: the store always holds exactly the nodes that the root reaches.
 */
export class NodeChanges {
  readonly #reader: NodeReader;
  readonly #touched = new Map<Nibbles, Touched>();

  constructor(reader: NodeReader) {
    this.#reader = reader;
  }

  /** Takes the root out of the store; undefined for an empty trie. */
  takeRoot(): TrieNode | undefined {
    const bytes = this.#reader.node("");
    if (bytes === undefined) return undefined;
    this.#touched.set("", { before: bytes, after: undefined });
    return parseNode(bytes);
  }

  /** Takes a child out of the store, or decodes it from its parent. */
  take(ref: NodeRef, path: Nibbles): TrieNode {
    if (!isHashRef(ref)) return parseNode(ref);
    const bytes = this.#reader.node(path);
    if (bytes === undefined) throw new TrieError({ code: "NODE_MISSING", path });
    this.#touched.set(path, { before: bytes, after: undefined });
    return parseNode(bytes);
  }

  /** Puts back, unchanged, what `take` took from this path. */
  putBack(path: Nibbles): void {
    this.#touched.delete(path);
  }

  /** Encodes a node at its final path and answers how its parent refers to it. */
  seal(node: TrieNode, path: Nibbles): NodeRef {
    const bytes = encodeNode(node);
    if (bytes.length < 32) return bytes;
    this.#write(path, bytes);
    return hashRef(keccak256(bytes));
  }

  /** Encodes the root, which is hashed and stored whatever its size, and answers its hash. */
  sealRoot(node: TrieNode): Uint8Array {
    const bytes = encodeNode(node);
    this.#write("", bytes);
    return keccak256(bytes);
  }

  /** Everything that is different afterwards, by path. */
  result(): Map<Nibbles, NodeChange> {
    for (const [path, change] of this.#touched) if (isSame(change)) this.#touched.delete(path);
    return this.#touched;
  }

  #write(path: Nibbles, bytes: Uint8Array): void {
    const touched = this.#touched.get(path);
    if (touched === undefined) this.#touched.set(path, { before: undefined, after: bytes });
    else touched.after = bytes;
  }
}

function isSame({ before, after }: NodeChange): boolean {
  if (before === undefined || after === undefined) return before === after;
  if (before.length !== after.length) return false;
  for (let index = 0; index < before.length; index++) if (before[index] !== after[index]) return false;
  return true;
}
