import { createDomain, type Domain } from "@koinon/eip712/domain";
import type { Address } from "@koinon/secp256k1/address";

/** What of the signing domain differs between networks. */
export interface Network {
  readonly chainId: bigint;
  readonly verifyingContract: Address;
}

/** The EIP-712 domain that every document of a network is signed under. */
export function createKoinonDomain({ chainId, verifyingContract }: Network): Domain {
  return createDomain({ name: "Koinon", version: "1", chainId, verifyingContract });
}
