import type { Address } from "@koinon/secp256k1/address";
import type { Nibbles } from "@koinon/trie/nibbles";
import type { StateKey } from "./state-key.ts";

/** One state, committed or not, entry by entry. */
export interface StateSource {
  /** The stored bytes of an entry, undefined when there is none. */
  get(key: StateKey): Uint8Array | undefined;
  /** The keys of all slots that an account uses, and possibly some that it does not; each once. */
  slotKeys(address: Address): Set<StateKey>;
  /** Code by hash; undefined when it was never stored. */
  code(codeHash: string): Uint8Array | undefined;
}

/** What an entry was and is to be. */
export interface EntryChange {
  readonly before: Uint8Array | undefined;
  readonly after: Uint8Array | undefined;
  /** Of an account or slot, where it is known: the digits of its hash, which its key on disk begins with. */
  readonly path?: Nibbles;
}

/** What differs between a state and the one it grew from. */
export type StateDelta = Map<StateKey, EntryChange>;
