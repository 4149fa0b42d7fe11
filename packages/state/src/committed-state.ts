import type { Address } from "@koinon/secp256k1/address";
import type { BlockHistory } from "./block-history.ts";
import type { CommittedBlock } from "./block-record.ts";
import { StateError } from "./state-error.ts";
import { isSlotKey, type StateKey } from "./state-key.ts";
import type { StateSource } from "./state-source.ts";

/** What a committed state needs of its store. */
export interface CommittedStates {
  readonly history: BlockHistory;
  readonly head: CommittedBlock | undefined;
  readonly oldest: bigint;
  /** An entry after the head. */
  current(key: StateKey): Uint8Array | undefined;
  /** Keys of the slots of an account after the head. */
  currentSlotKeys(address: Address): Set<StateKey>;
  storedCode(codeHash: string): Uint8Array | undefined;
  /** Counts reverts, after each of which a block may be gone. */
  readonly reverts: number;
  /** True while the block is part of the chain on disk. */
  isCommitted(block: CommittedBlock): boolean;
}

/** The state after a committed block, which stays the same while the head moves on. */
export class CommittedState implements StateSource {
  /** The block. */
  readonly block: CommittedBlock;
  readonly #states: CommittedStates;
  #revertsSeen: number;

  constructor(block: CommittedBlock, states: CommittedStates) {
    this.block = block;
    this.#states = states;
    this.#revertsSeen = states.reverts;
  }

  /** Throws StateError `HISTORY_PRUNED` or, after a revert, `BLOCK_UNKNOWN`. */
  get(key: StateKey): Uint8Array | undefined {
    const head = this.#head();
    return head === this.block.number
      ? this.#states.current(key)
      : this.#states.history.valueAt(this.block.number, head, key);
  }

  slotKeys(address: Address): Set<StateKey> {
    const head = this.#head();
    const keys = this.#states.currentSlotKeys(address);
    for (let number = this.block.number + 1n; number <= head; number++) {
      for (const key of this.#states.history.keysChangedIn(number))
        if (isSlotKey(key) && key.startsWith(address)) keys.add(key);
    }
    return keys;
  }

  code(codeHash: string): Uint8Array | undefined {
    return this.#states.storedCode(codeHash);
  }

  #head(): bigint {
    const { head, oldest, reverts } = this.#states;
    const { number, hash } = this.block;
    if (head?.hash === hash) return number;
    if (number < oldest) throw new StateError({ code: "HISTORY_PRUNED", block: number, oldest });
    const isGone = this.#revertsSeen !== reverts && !this.#states.isCommitted(this.block);
    if (head === undefined || isGone) throw new StateError({ code: "BLOCK_UNKNOWN", block: hash });
    this.#revertsSeen = reverts;
    return head.number;
  }
}

/** The state before the first block. */
export const emptyState: StateSource = {
  get: () => undefined,
  slotKeys: () => new Set(),
  code: () => undefined,
};
