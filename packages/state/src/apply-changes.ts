import type { StateChanges } from "@koinon/ethereum/state-access";
import type { Address } from "@koinon/secp256k1/address";
import { bytesToHex, type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import type { Nibbles } from "@koinon/trie/nibbles";
import type { NodeChange } from "@koinon/trie/node-changes";
import type { Steps } from "@koinon/trie/steps";
import { type TrieChange, updateTrieInSteps } from "@koinon/trie/update";
import {
  accountLeaf,
  decodeAccountRecord,
  emptyStorageRoot,
  encodeAccountRecord,
  storageRootOf,
} from "./account-record.ts";
import { EntryNodes } from "./entry-nodes.ts";
import { hashedKey } from "./hashed-key.ts";
import { slotLeaf, wordToBytes } from "./slot-value.ts";
import { StateError } from "./state-error.ts";
import { accountKey, entryPath, type StateKey, slotKey } from "./state-key.ts";
import type { EntryChange, StateDelta, StateSource } from "./state-source.ts";

/** What changes make of a state: its root, and every entry that differs, trie nodes included. */
export interface AppliedChanges {
  readonly root: Hex;
  readonly delta: StateDelta;
}

/** A leaf's change with what the flat tables say that it was, and the change of the entry that it stands for. */
interface LeafChange extends TrieChange {
  readonly earlier: Uint8Array | undefined;
  readonly entry: StateKey;
  readonly change: EntryChange;
}

/** Flat tables and tries say the same thing twice; where they do not, one of them is damaged. */
function checkEarlier(where: string): (change: LeafChange, found: Uint8Array | undefined) => void {
  return ({ key, earlier }, found) => {
    if (isSameBytes(earlier, found)) return;
    throw new StateError({ code: "STATE_CORRUPT", where: `${where} ${key}`, reason: "table and trie differ" });
  };
}

/** How many leaves are put together in a step. */
const leavesPerStep = 512;

/**
 * Applies the net effect of a block to a state in one pass: storage tries first, then the account trie, each touched node
 * read and hashed once. Nothing is stored. Throws StateError `CHANGES_INVALID` for storage of an account that is not there.
 */
export function* applyChanges(source: StateSource, changes: StateChanges): Steps<AppliedChanges> {
  const delta: StateDelta = new Map();
  const leaves: LeafChange[] = [];
  const addresses = new Set(changes.accounts.keys());
  for (const address of changes.storage.keys()) addresses.add(address);
  for (const address of changes.clearedStorage) addresses.add(address);
  for (const address of addresses) {
    const leaf = yield* changeAccount(source, changes, address, delta);
    if (leaf === undefined) continue;
    leaves.push(leaf);
    if (leaves.length % leavesPerStep === 0) yield;
  }
  const root = yield* changeTrie(EntryNodes.ofAccounts(source), leaves, "account", undefined, delta);
  return { root: bytesToHex(root), delta };
}

/** Puts changed leaves into a trie, adds everything that is different then to the delta, and answers the root. */
function* changeTrie(
  nodes: EntryNodes,
  leaves: LeafChange[],
  where: string,
  rootBefore: Hex | undefined,
  delta: StateDelta,
): Steps<Uint8Array> {
  leaves.sort((a, b) => (a.key < b.key ? -1 : 1));
  nodes.beginUpdate(leaves);
  yield;
  const { root, nodes: changed } = yield* updateTrieInSteps(nodes, leaves, {
    onFound: checkEarlier(where),
    leafEntry: (key) => nodes.reference(key),
    ...(rootBefore === undefined ? {} : { root: hexToBytes(rootBefore) }),
  });
  addInOrder(delta, leaves, changed, (path) => nodes.nodeKey(path));
  return root;
}

/**
 * Adds entries and nodes roughly in the order in which they are on disk, where a writer then finds what it needs next beside
 * what it had: an update touches nodes in the order of their paths, and an entry comes behind the nodes above it.
 */
function addInOrder(
  delta: StateDelta,
  leaves: readonly LeafChange[],
  nodes: ReadonlyMap<Nibbles, NodeChange>,
  nodeKey: (path: Nibbles) => StateKey,
): void {
  let next = 0;
  const addLeaf = ({ entry, change }: LeafChange): void => void delta.set(entry, change);
  for (const [path, change] of nodes) {
    for (; next < leaves.length && (leaves[next] as LeafChange).key < path; next++) addLeaf(leaves[next] as LeafChange);
    delta.set(nodeKey(path), change);
  }
  for (; next < leaves.length; next++) addLeaf(leaves[next] as LeafChange);
}

/** Adds what changes below one account to the delta and answers the change of its leaf, undefined when nothing changed. */
function* changeAccount(
  source: StateSource,
  changes: StateChanges,
  address: Address,
  delta: StateDelta,
): Steps<LeafChange | undefined> {
  const key = accountKey(address);
  const before = source.get(key);
  const isNamed = changes.accounts.has(address);
  const account = isNamed ? changes.accounts.get(address) : before && decodeAccountRecord(before);
  const addressHash = hashedKey(address.slice(2));
  const owner = { address, addressHash, isGone: account === undefined, before };
  const storageRoot = yield* changeStorage(source, changes, owner, delta);
  if (account === undefined && storageRoot !== emptyStorageRoot) {
    throw new StateError({ code: "CHANGES_INVALID", address, reason: "storage without an account" });
  }
  const after = account && encodeAccountRecord({ ...account, storageRoot });
  if (isSameBytes(before, after)) return undefined;
  return {
    key: addressHash,
    value: after && accountLeaf(after),
    earlier: before && accountLeaf(before),
    entry: key,
    change: { before, after, path: addressHash },
  };
}

interface StorageOwner {
  readonly address: Address;
  readonly addressHash: Nibbles;
  readonly isGone: boolean;
  /** The account's record before. */
  readonly before: Uint8Array | undefined;
}

/** Adds the changes of an account's slots and of the nodes above them to the delta and answers the root of its storage. */
function* changeStorage(
  source: StateSource,
  changes: StateChanges,
  owner: StorageOwner,
  delta: StateDelta,
): Steps<Hex> {
  const { address, addressHash, isGone, before: record } = owner;
  const rootBefore = record === undefined ? emptyStorageRoot : storageRootOf(record);
  const slots = changes.storage.get(address);
  // An account that is gone takes its storage along, whether or not the changes say so.
  const isCleared = rootBefore !== emptyStorageRoot && (isGone || changes.clearedStorage.has(address));
  if (slots === undefined && !isCleared) return rootBefore;
  const leaves: LeafChange[] = [];
  for (const [key, word] of isCleared ? clearedWords(source, address, slots) : wordsOf(address, slots)) {
    const leaf = changeSlot(source, key, word);
    if (leaf === undefined) continue;
    leaves.push(leaf);
    if (leaves.length % leavesPerStep === 0) yield;
  }
  if (leaves.length === 0) return rootBefore;
  const nodes = EntryNodes.ofStorage(source, address, addressHash);
  return bytesToHex(yield* changeTrie(nodes, leaves, `slot of ${address}`, rootBefore, delta));
}

type SlotWords = Iterable<readonly [slot: bigint, word: bigint]>;

function* wordsOf(address: Address, slots: SlotWords = []): Generator<readonly [StateKey, bigint]> {
  for (const [slot, word] of slots) yield [slotKey(address, slot), word];
}

/** With zero for every slot that the account used and that is given no other word. */
function clearedWords(source: StateSource, address: Address, slots: SlotWords | undefined): Map<StateKey, bigint> {
  const words = new Map<StateKey, bigint>();
  for (const key of source.slotKeys(address)) words.set(key, 0n);
  for (const [key, word] of wordsOf(address, slots)) words.set(key, word);
  return words;
}

/** The change of a slot's leaf, undefined when it holds that word already. */
function changeSlot(source: StateSource, key: StateKey, word: bigint): LeafChange | undefined {
  const before = source.get(key);
  const after = word === 0n ? undefined : wordToBytes(word);
  if (isSameBytes(before, after)) return undefined;
  const path = entryPath(key);
  return {
    key: path,
    value: after && slotLeaf(after),
    earlier: before && slotLeaf(before),
    entry: key,
    change: { before, after, path },
  };
}

function isSameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}
