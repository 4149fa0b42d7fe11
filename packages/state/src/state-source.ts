import type { StateKey } from "./state-key.ts";

/** One state, committed or not, entry by entry. */
export interface StateSource {
  /** The stored bytes of an entry, undefined when there is none. */
  get(key: StateKey): Uint8Array | undefined;
  /** Every key that begins with the prefix and has an entry, and possibly some that have none; each once. */
  keys(prefix: StateKey): Set<StateKey>;
  /** Code by hash; undefined when it was never stored. */
  code(codeHash: string): Uint8Array | undefined;
}

/** What an entry was and is to be. */
export interface EntryChange {
  readonly before: Uint8Array | undefined;
  readonly after: Uint8Array | undefined;
}

/** What differs between a state and the one it grew from. */
export type StateDelta = Map<StateKey, EntryChange>;
