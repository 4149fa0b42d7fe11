import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
import type { Account } from "./account.ts";

/** A committed state, read synchronously; the execution engine reads through it and never writes to it. */
export interface StateReader {
  /** The account, or undefined when there is none. */
  account(address: Address): Account | undefined;
  /** The 256-bit word in a slot, 0n when nothing is stored. */
  storage(address: Address, slot: bigint): bigint;
  /** The code with this Keccak-256 hash; throws when it was never stored. Empty code needs no entry. */
  code(codeHash: Hex): Uint8Array;
}

/** The net effect of execution on a state: what differs from the StateReader it began with. */
export interface StateChanges {
  /** The account afterwards; undefined when it is gone. */
  readonly accounts: ReadonlyMap<Address, Account | undefined>;
  /** The words afterwards by slot; 0n removes the slot. */
  readonly storage: ReadonlyMap<Address, ReadonlyMap<bigint, bigint>>;
  /** Accounts whose earlier storage is all gone; it is cleared before `storage` applies. */
  readonly clearedStorage: ReadonlySet<Address>;
  /** Code that was deployed, by hash. */
  readonly code: ReadonlyMap<Hex, Uint8Array>;
}
