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
  /**
   * Asked now and then while code runs, and before every precompile: what it throws comes out of the execution, which is not to be
   * used again. It bounds time as far as no single instruction takes long, which its gas sees to. Costs nothing when it is not there.
   */
  readonly interrupt?: (() => void) | undefined;
}
