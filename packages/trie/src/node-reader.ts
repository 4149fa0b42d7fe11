import { keccak256 } from "@koinon/secp256k1/keccak";
import type { Nibbles } from "./nibbles.ts";
import { decodeNode, type TrieNode } from "./node.ts";
import { TrieError } from "./trie-error.ts";

/**
 * The stored nodes of one trie by path, read synchronously. A path is the digits from the root to where the node begins;
 * "" is the root, which is stored whatever its size. Nodes embedded in their parent are not stored by themselves.
 */
export interface NodeReader {
  /** The RLP of the node at a path, undefined when nothing is stored there. */
  node(path: Nibbles): Uint8Array | undefined;
}

/** The root of a trie without keys: Keccak-256 of the empty string's RLP. */
export const emptyRoot: Uint8Array = keccak256(Uint8Array.of(0x80));

/** Decodes a stored node; throws TrieError `NODE_MALFORMED`. */
export function parseNode(bytes: Uint8Array): TrieNode {
  const node = decodeNode(bytes);
  if (node === undefined) throw new TrieError({ code: "NODE_MALFORMED", reason: "not the RLP of a node" });
  return node;
}
