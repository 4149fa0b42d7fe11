import { keccak256 } from "@koinon/secp256k1/keccak";
import type { NodeRef } from "./branch-node.ts";
import { bytesToNibbles, type Nibbles, nibbleAt } from "./nibbles.ts";
import { decodeNode, isHashRef, type TrieNode } from "./node.ts";
import { emptyRoot, type NodeReader, parseNode } from "./node-reader.ts";
import { TrieError } from "./trie-error.ts";

/**
 * The nodes from the root to a key, or to where its absence shows, in the form of eth_getProof (EIP-1186): RLP of each node
 * that is referred to by hash, the root first; none for an empty trie. Throws TrieError when the store is damaged.
 */
export function prove(reader: NodeReader, key: Uint8Array): Uint8Array[] {
  const nibbles = bytesToNibbles(key);
  const rootBytes = reader.node("");
  if (rootBytes === undefined) return [];
  const proof = [rootBytes];
  let node = parseNode(rootBytes);
  let depth = 0;
  for (;;) {
    const step = descend(node, nibbles, depth);
    if (step.kind === "end") return proof;
    depth = step.depth;
    if (isHashRef(step.ref)) {
      const path = nibbles.slice(0, depth);
      const bytes = reader.node(path);
      if (bytes === undefined) throw new TrieError({ code: "NODE_MISSING", path });
      proof.push(bytes);
      node = parseNode(bytes);
    } else node = parseNode(step.ref);
  }
}

/** What a proof shows: the key's value, or undefined for its absence; or that it shows nothing. */
export type ProofVerdict = { readonly valid: true; readonly value: Uint8Array | undefined } | { readonly valid: false };

const invalid: ProofVerdict = { valid: false };

/**
 * Checks a proof of inclusion or absence of a key under a root: every node is hashed, all are needed, none is left over.
 * Never throws: what is malformed is invalid.
 */
export function verifyProof(root: Uint8Array, key: Uint8Array, proof: readonly Uint8Array[]): ProofVerdict {
  if (proof.length === 0) return isSame(root, emptyRoot) ? { valid: true, value: undefined } : invalid;
  const nibbles = bytesToNibbles(key);
  let node = nodeWithHash(proof[0], root);
  let used = 1;
  let depth = 0;
  while (node !== undefined) {
    const step = descend(node, nibbles, depth);
    if (step.kind === "end") return used === proof.length ? { valid: true, value: step.value } : invalid;
    depth = step.depth;
    node = isHashRef(step.ref) ? nodeWithHash(proof[used++], step.ref.subarray(1)) : decodeNode(step.ref);
  }
  return invalid;
}

function nodeWithHash(bytes: Uint8Array | undefined, hash: Uint8Array): TrieNode | undefined {
  if (bytes === undefined || !isSame(keccak256(bytes), hash)) return undefined;
  return decodeNode(bytes);
}

type Step =
  | { readonly kind: "down"; readonly ref: NodeRef; readonly depth: number }
  | { readonly kind: "end"; readonly value: Uint8Array | undefined };

const absent: Step = { kind: "end", value: undefined };

/** Where a key leads from a node that begins at `depth`. */
function descend(node: TrieNode, key: Nibbles, depth: number): Step {
  if (node.kind === "leaf") return key.slice(depth) === node.key ? { kind: "end", value: node.value } : absent;
  if (node.kind === "extension") {
    if (!key.startsWith(node.key, depth)) return absent;
    return { kind: "down", ref: node.child, depth: depth + node.key.length };
  }
  if (depth === key.length) return { kind: "end", value: node.value };
  const ref = node.child(nibbleAt(key, depth));
  return ref === undefined ? absent : { kind: "down", ref, depth: depth + 1 };
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
