import { bytesToHex } from "@koinon/secp256k1/hex";
import type { Nibbles } from "@koinon/trie/nibbles";
import { encodeNode } from "@koinon/trie/node";
import type { NodeReader } from "@koinon/trie/node-reader";
import { allocateBytes } from "@koinon/trie/slab";
import { accountLeaf } from "./account-record.ts";
import { hashedKey } from "./hashed-key.ts";
import { slotLeaf } from "./slot-value.ts";
import { StateError } from "./state-error.ts";
import { accountNodeKey, type StateKey, storageNodeKey, writePacked } from "./state-key.ts";
import type { StateSource } from "./state-source.ts";

/** Begins what stands for a leaf on disk; nodes are lists in RLP and begin with 0xc0 or more. */
const leafTag = 0;

/** What differs between the account trie and a storage trie. */
interface TrieNames {
  nodeKey(path: Nibbles): StateKey;
  /** How many digits an address or slot has, which are the last of its entry's key. */
  readonly digits: number;
  /** The entry of a leaf, by the digits of its address or slot. */
  entryKey(digits: string): StateKey;
  /** The value of a leaf from its entry. */
  leafValue(entry: Uint8Array): Uint8Array;
}

/** A leaf that an update changes, and the entry that it stands for. */
export interface UpdatedLeaf {
  readonly key: Nibbles;
  readonly entry: StateKey;
}

/**
 * The nodes of one trie of a state. Instead of a leaf, whose value the entry of the account or slot has as well, its path holds
 * the address or slot alone (after a zero byte): a block that changes a value changes no leaf, and the leaf is put together when
 * it is asked for.
 */
export class EntryNodes implements NodeReader {
  readonly #source: Pick<StateSource, "get">;
  readonly #names: TrieNames;
  /** Leaves of the update under way, in the order of their keys. */
  #leaves: readonly UpdatedLeaf[] | undefined;
  /** What stands for leaves that the update read, by their whole keys. */
  readonly #read = new Map<Nibbles, Uint8Array>();

  private constructor(source: Pick<StateSource, "get">, names: TrieNames) {
    this.#source = source;
    this.#names = names;
  }

  /** The account trie. */
  static ofAccounts(source: Pick<StateSource, "get">): EntryNodes {
    return new EntryNodes(source, {
      nodeKey: accountNodeKey,
      digits: 40,
      entryKey: (digits) => `0x${digits}`,
      leafValue: accountLeaf,
    });
  }

  /** The storage trie of an account, whose address's hash has these digits. */
  static ofStorage(source: Pick<StateSource, "get">, address: StateKey, addressHash: Nibbles): EntryNodes {
    return new EntryNodes(source, {
      nodeKey: (path) => storageNodeKey(addressHash, path),
      digits: 64,
      entryKey: (digits) => address + digits,
      leafValue: slotLeaf,
    });
  }

  /** Key of what is stored at a path. */
  nodeKey(path: Nibbles): StateKey {
    return this.#names.nodeKey(path);
  }

  /** Throws StateError `STATE_CORRUPT` when a leaf has no entry. */
  node(path: Nibbles): Uint8Array | undefined {
    const bytes = this.#source.get(this.#names.nodeKey(path));
    return bytes?.[0] === leafTag ? this.#leafNode(path, bytes) : bytes;
  }

  /** Begins an update of these leaves, which are in the order of their keys. */
  beginUpdate(leaves: readonly UpdatedLeaf[]): void {
    this.#leaves = leaves;
    this.#read.clear();
  }

  /** What is stored in the place of a leaf that the update changes or has read. */
  reference(key: Nibbles): Uint8Array {
    const read = this.#read.get(key);
    if (read !== undefined) return read;
    const entry = this.#updatedEntry(key);
    if (entry === undefined) throw new TypeError(`no leaf ${key}`);
    return leafReference(entry, this.#names.digits);
  }

  #updatedEntry(key: Nibbles): StateKey | undefined {
    const leaves = this.#leaves ?? [];
    let from = 0;
    for (let to = leaves.length; from < to; ) {
      const middle = (from + to) >>> 1;
      if ((leaves[middle] as UpdatedLeaf).key < key) from = middle + 1;
      else to = middle;
    }
    const leaf = leaves[from];
    return leaf?.key === key ? leaf.entry : undefined;
  }

  #leafNode(path: Nibbles, reference: Uint8Array): Uint8Array {
    const digits = bytesToHex(reference.subarray(1)).slice(2);
    const key = hashedKey(digits);
    const entry = this.#source.get(this.#names.entryKey(digits));
    if (entry === undefined || !key.startsWith(path)) {
      const where = this.#names.nodeKey(path);
      throw new StateError({ code: "STATE_CORRUPT", where, reason: "a leaf without its entry" });
    }
    if (this.#leaves !== undefined) this.#read.set(key, reference);
    return encodeNode({ kind: "leaf", key: key.slice(path.length), value: this.#names.leafValue(entry) });
  }
}

/** What stands for the leaf of an entry, whose address or slot has so many digits. */
export function leafReference(entry: StateKey, digits: number): Uint8Array {
  const reference = allocateBytes(1 + digits / 2);
  reference[0] = leafTag;
  writePacked(entry, entry.length - digits, entry.length, reference, 1);
  return reference;
}
