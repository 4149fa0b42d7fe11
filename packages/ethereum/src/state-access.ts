import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
import type { Account } from "./account.ts";

/** A committed state, read synchronously; the execution engine reads through it and never writes to it. */
export interface StateReader {
  /** The account, or undefined when there is none. */
  account(address: Address): Account | undefined;
  /** The 256-bit word in a slot, 0n when nothing is stored. */
  storage(address: Address, slot: bigint): bigint;
  /** True when any slot of the account holds something, which keeps it from being created anew (EIP-7610). */
  hasStorage(address: Address): boolean;
  /** The code with this Keccak-256 hash; throws when it was never stored. Empty code needs no entry. */
  code(codeHash: Hex): Uint8Array;
}

/** The net effect of execution on a state: what differs from the StateReader it began with. */
export interface StateChanges {
  /** The account afterwards; undefined when it is gone. */
  readonly accounts: ReadonlyMap<Address, Account | undefined>;
  /**
   * The words afterwards by slot, each slot once; 0n removes the slot. Lists rather than maps: contracts choose slots, and
   * JavaScript's maps hash bigints in a way that they could choose to fall together.
   */
  readonly storage: ReadonlyMap<Address, Iterable<readonly [slot: bigint, word: bigint]>>;
  /** Accounts whose earlier storage is all gone; it is cleared before `storage` applies. */
  readonly clearedStorage: ReadonlySet<Address>;
  /** Code that was deployed, by hash. */
  readonly code: ReadonlyMap<Hex, Uint8Array>;
}
