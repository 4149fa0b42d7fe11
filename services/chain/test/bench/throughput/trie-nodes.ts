import { emptyCodeHash } from "@koinon/ethereum/account";
import { encodeRlp } from "@koinon/ethereum/rlp";
import { wordToBytes } from "@koinon/ethereum/word";
import { hexToBytes } from "@koinon/secp256k1/hex";
import { keccak256 } from "@koinon/secp256k1/keccak";
import { bytesToNibbles } from "@koinon/trie/nibbles";
import { type TrieChange, updateTrie } from "@koinon/trie/update";
import type { BenchAccount } from "./bench-state.ts";

const empty = { node: () => undefined };

/** Builds the tries over accounts at once, puts nodes and code by their hash's digits where another library reads them, and answers the root. */
export function buildTrie(accounts: Iterable<BenchAccount>, nodes: Map<string, string | Uint8Array>): Uint8Array {
  const changes: TrieChange[] = [];
  for (const { address, balance, code, storage = [] } of accounts) {
    const slots = Array.from(storage, ([slot, word]) => change(wordToBytes(slot), encodeRlp(word)));
    if (code !== undefined) nodes.set(digits(keccak256(code)), code);
    const codeHash = code === undefined ? hexToBytes(emptyCodeHash) : keccak256(code);
    const nonce = code === undefined ? 0 : 1;
    changes.push(change(hexToBytes(address), encodeRlp([nonce, balance, rootOf(slots, nodes), codeHash])));
  }
  return rootOf(changes, nodes);
}

function change(key: Uint8Array, value: Uint8Array): TrieChange {
  return { key: bytesToNibbles(keccak256(key)), value };
}

function rootOf(changes: TrieChange[], nodes: Map<string, string | Uint8Array>): Uint8Array {
  changes.sort((left, right) => (left.key < right.key ? -1 : 1));
  const update = updateTrie(empty, changes);
  for (const { after } of update.nodes.values()) if (after !== undefined) nodes.set(digits(keccak256(after)), after);
  return update.root;
}

function digits(hash: Uint8Array): string {
  return Buffer.from(hash.buffer, hash.byteOffset, hash.length).toString("hex");
}
