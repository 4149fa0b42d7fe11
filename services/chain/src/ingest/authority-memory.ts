import type { Authorization } from "@koinon/ethereum/transaction";
import { recoverAuthority } from "@koinon/ethereum/transaction-signing";
import type { Address } from "@koinon/secp256k1/address";

/**
 * Who gave which EIP-7702 authorization, as long as the authorization itself is in memory: workers find out, the pool and
 * execution ask. An authorization that no worker saw is recovered on the spot.
 */
export class AuthorityMemory {
  private readonly known = new WeakMap<Authorization, { readonly authority: Address | undefined }>();

  remember(authorization: Authorization, authority: Address | undefined): void {
    this.known.set(authorization, { authority });
  }

  /** The authority, undefined when the signature is not valid. */
  recover(authorization: Authorization): Address | undefined {
    const known = this.known.get(authorization);
    return known === undefined ? recoverAuthority(authorization) : known.authority;
  }
}
