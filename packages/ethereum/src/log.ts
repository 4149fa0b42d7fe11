import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";

/** What a contract logged. */
export interface Log {
  readonly address: Address;
  /** At most four, 32 bytes each. */
  readonly topics: readonly Hex[];
  readonly data: Uint8Array;
}
