import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";

/** A file of the public state tests: https://github.com/ethereum/tests, folder GeneralStateTests. */
export type FixtureFile = Readonly<Record<string, Fixture>>;

/** One test: a state, a transaction in variants, and what each variant leads to under each fork. */
export interface Fixture {
  readonly env: FixtureEnvironment;
  readonly pre: Readonly<Record<Address, FixtureAccount>>;
  readonly transaction: { readonly sender: Address };
  readonly post: Readonly<Record<string, readonly FixtureCase[]>>;
}

export interface FixtureEnvironment {
  readonly currentBaseFee: Hex;
  readonly currentCoinbase: Address;
  readonly currentExcessBlobGas?: Hex;
  readonly currentGasLimit: Hex;
  readonly currentNumber: Hex;
  readonly currentRandom: Hex;
  readonly currentTimestamp: Hex;
}

export interface FixtureAccount {
  readonly balance: Hex;
  readonly code: Hex;
  readonly nonce: Hex;
  readonly storage: Readonly<Record<Hex, Hex>>;
}

/** One variant under one fork. */
export interface FixtureCase {
  /** State root afterwards. */
  readonly hash: Hex;
  /** Keccak-256 of the RLP of the logs. */
  readonly logs: Hex;
  readonly indexes: { readonly data: number; readonly gas: number; readonly value: number };
  /** The signed transaction. */
  readonly txbytes: Hex;
  /** Why the transaction must be refused. */
  readonly expectException?: string;
}
