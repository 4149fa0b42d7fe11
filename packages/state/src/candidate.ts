import type { StateReader } from "@koinon/ethereum/state-access";
import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
import type { BlockId } from "./block-record.ts";
import { SourceReader } from "./source-reader.ts";
import { StateError } from "./state-error.ts";
import { isSlotKey, type StateKey } from "./state-key.ts";
import type { StateDelta, StateSource } from "./state-source.ts";

/** Where a candidate stands: `pending` from the call of commit until the block is on disk. */
export type CandidateStage = "open" | "pending" | "committed" | "discarded";

/**
 * A state that may become the next one. Its root is known and it can be read; nothing of it is stored. Candidates grow from a
 * committed block or from each other; several may grow from the same state.
 */
export class Candidate implements StateSource {
  /** Root of the account trie. */
  readonly root: Hex;
  /** The state, also after the candidate was committed, for as long as the history of its block is kept. */
  readonly state: StateReader;
  #parent: StateSource;
  #delta: StateDelta | undefined;
  #codeByHash: ReadonlyMap<string, Uint8Array>;
  #stage: CandidateStage = "open";
  #block: BlockId | undefined;

  constructor(parent: StateSource, root: Hex, delta: StateDelta, code: ReadonlyMap<string, Uint8Array>) {
    this.root = root;
    this.#parent = parent;
    this.#delta = delta;
    this.#codeByHash = code;
    this.state = new SourceReader(this);
  }

  /** What the candidate grew from. */
  get parent(): StateSource {
    return this.#parent;
  }

  /** Where the candidate stands. */
  get stage(): CandidateStage {
    return this.#stage;
  }

  /** The block that this is the state after, from the call of commit on. */
  get block(): BlockId | undefined {
    return this.#block;
  }

  /** What differs from the parent; empty once the candidate is committed or discarded. */
  get delta(): StateDelta {
    return this.#delta ?? new Map();
  }

  /** Code that the block deploys, by hash. */
  get deployedCode(): ReadonlyMap<string, Uint8Array> {
    return this.#codeByHash;
  }

  get(key: StateKey): Uint8Array | undefined {
    if (this.#stage === "discarded") throw new StateError({ code: "CANDIDATE_STALE", reason: "discarded" });
    const change = this.#delta?.get(key);
    return change === undefined ? this.#parent.get(key) : change.after;
  }

  slotKeys(address: Address): Set<StateKey> {
    const keys = this.#parent.slotKeys(address);
    for (const key of this.delta.keys()) if (isSlotKey(key) && key.startsWith(address)) keys.add(key);
    return keys;
  }

  code(codeHash: string): Uint8Array | undefined {
    return this.#codeByHash.get(codeHash) ?? this.#parent.code(codeHash);
  }

  /** The store has begun to write the block. */
  markPending(block: BlockId): void {
    this.#stage = "pending";
    this.#block = block;
  }

  /** The block is on disk: reads go there, and what was held in memory is let go. */
  settle(committed: StateSource): void {
    this.#stage = "committed";
    this.#parent = committed;
    this.#delta = undefined;
    this.#codeByHash = new Map();
  }

  /** Lets go of a candidate that will not be committed; candidates that grew from it can not be read any more either. */
  discard(): void {
    if (this.#stage !== "open") return;
    this.#stage = "discarded";
    this.#delta = undefined;
    this.#codeByHash = new Map();
  }
}
