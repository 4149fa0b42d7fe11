import { type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import { keccak256 } from "@koinon/secp256k1/keccak";
import type { NodeRef } from "@koinon/trie/branch-node";
import { bytesToNibbles, digits, type Nibbles } from "@koinon/trie/nibbles";
import { isHashRef } from "@koinon/trie/node";
import { type NodeReader, parseNode } from "@koinon/trie/node-reader";
import { accountLeaf, emptyStorageRoot, storageRootOf } from "./account-record.ts";
import { EntryNodes } from "./entry-nodes.ts";
import { slotLeaf } from "./slot-value.ts";
import { StateError } from "./state-error.ts";
import { isNodeKey, isSlotKey, type StateKey } from "./state-key.ts";

/** The state after the head, all of it: entries in the order of their keys on disk, and single ones. */
export interface WholeState {
  entries(): Iterable<readonly [StateKey, Uint8Array]>;
  slotsOf(address: StateKey): Iterable<readonly [StateKey, Uint8Array]>;
  get(key: StateKey): Uint8Array | undefined;
}

/** How much a check went through. */
export interface VerifiedState {
  readonly accounts: number;
  readonly slots: number;
  readonly nodes: number;
}

/**
 * Checks the whole state against its root: every trie node by its hash, every account and slot by its leaf, and that there is
 * nothing which the root does not reach. Throws StateError `STATE_CORRUPT`, TrieError for a missing node.
 */
export function verifyState(state: WholeState, root: Hex): VerifiedState {
  const counts = { accounts: 0, slots: 0, nodes: 0 };
  let storedNodes = 0;
  let storedSlots = 0;
  const accounts = new LeafDigest();
  for (const [key, value] of state.entries()) {
    if (isNodeKey(key)) storedNodes++;
    else if (isSlotKey(key)) storedSlots++;
    else {
      counts.accounts++;
      const addressHash = keccak256(hexToBytes(key));
      accounts.add(bytesToNibbles(addressHash), accountLeaf(value));
      verifyStorage(state, key, bytesToNibbles(addressHash), storageRootOf(value), counts);
    }
  }
  const leaves = walkTrie(EntryNodes.ofAccounts(state), root, counts);
  assertState(leaves.isSame(accounts), "accounts", "table and trie differ");
  assertState(storedSlots === counts.slots, "slots", "slots of accounts that do not exist");
  assertState(storedNodes === counts.nodes, "nodes", "nodes that the root does not reach");
  return counts;
}

interface Counts {
  slots: number;
  nodes: number;
}

function verifyStorage(state: WholeState, address: StateKey, addressHash: Nibbles, root: Hex, counts: Counts): void {
  const slots = new LeafDigest();
  for (const [key, word] of state.slotsOf(address)) {
    counts.slots++;
    slots.add(bytesToNibbles(keccak256(Buffer.from(key.slice(42), "hex"))), slotLeaf(word));
  }
  const leaves = walkTrie(EntryNodes.ofStorage(state, address, addressHash), root, counts);
  assertState(leaves.isSame(slots), `slots of ${address}`, "table and trie differ");
}

/** Visits every node below a root, checks its hash, and digests the leaves. */
function walkTrie(reader: NodeReader, root: Hex, counts: Counts): LeafDigest {
  const leaves = new LeafDigest();
  const visit = (ref: NodeRef, path: Nibbles): void => {
    if (isHashRef(ref)) counts.nodes++;
    const node = parseNode(isHashRef(ref) ? storedNode(reader, ref.subarray(1), path) : ref);
    if (node.kind === "leaf") leaves.add(path + node.key, node.value);
    else if (node.kind === "extension") visit(node.child, path + node.key);
    else
      for (let index = 0; index < 16; index++) {
        const child = node.child(index);
        if (child !== undefined) visit(child, path + digits[index]);
      }
  };
  if (root === emptyStorageRoot) {
    assertState(reader.node("") === undefined, "nodes", "a root node where the trie is empty");
    return leaves;
  }
  visit(Uint8Array.of(0xa0, ...hexToBytes(root)), "");
  return leaves;
}

function storedNode(reader: NodeReader, hash: Uint8Array, path: Nibbles): Uint8Array {
  const bytes = reader.node(path);
  if (bytes === undefined) throw corrupt(`node at ${path}`, "missing");
  assertState(Buffer.compare(keccak256(bytes), hash) === 0, `node at ${path}`, "hash");
  return bytes;
}

/** A set of leaves as the exclusive or of their hashes: order does not matter, and memory does not grow. */
class LeafDigest {
  readonly #sum = new Uint8Array(32);
  #count = 0;

  add(key: Nibbles, value: Uint8Array): void {
    const hash = keccak256(Buffer.concat([Buffer.from(`${key}:`), value]));
    for (let index = 0; index < 32; index++) this.#sum[index] = (this.#sum[index] as number) ^ (hash[index] as number);
    this.#count++;
  }

  isSame(other: LeafDigest): boolean {
    return this.#count === other.#count && Buffer.compare(this.#sum, other.#sum) === 0;
  }
}

function assertState(condition: boolean, where: string, reason: string): void {
  if (!condition) throw corrupt(where, reason);
}

function corrupt(where: string, reason: string): StateError {
  return new StateError({ code: "STATE_CORRUPT", where, reason });
}
