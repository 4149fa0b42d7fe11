import type { Address } from "@koinon/secp256k1/address";
import { keccak256 } from "@koinon/secp256k1/keccak";
import { defineStruct } from "./struct.ts";

/** The EIP-712 domain, with the four members this project signs under. */
export interface DomainFields {
  readonly name: string;
  readonly version: string;
  readonly chainId: bigint;
  readonly verifyingContract: Address;
}

/** A domain with its separator computed. */
export interface Domain extends DomainFields {
  readonly separator: Uint8Array;
  /** The digest that is signed: keccak-256 of 0x19 0x01, the separator and a struct's hash. */
  digest(structHash: Uint8Array): Uint8Array;
}

const domainStruct = defineStruct<DomainFields>("EIP712Domain", {
  name: "string",
  version: "string",
  chainId: "uint256",
  verifyingContract: "address",
});

/** Computes a domain once, for many digests. */
export function createDomain(fields: DomainFields): Domain {
  const separator = domainStruct.hash(fields);
  const preimage = new Uint8Array(66);
  preimage.set([0x19, 0x01]);
  preimage.set(separator, 2);
  return {
    ...fields,
    separator,
    digest(structHash) {
      preimage.set(structHash, 34);
      return keccak256(preimage);
    },
  };
}
