import type { Fork } from "@koinon/ethereum/fork";
import type { Authorization } from "@koinon/ethereum/transaction";
import type { Precompile } from "@koinon/precompiles/precompile";
import type { Address } from "@koinon/secp256k1/address";

/** What the machine needs from others. */
export interface EvmDependencies {
  /** The precompiles of a fork by address. */
  readonly precompiles: (fork: Fork) => ReadonlyMap<Address, Precompile>;
  /** The account whose key signed an EIP-7702 authorization; undefined when the signature is not valid. */
  readonly recoverAuthority: (authorization: Authorization) => Address | undefined;
}
