import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import { sha256 } from "@noble/hashes/sha2.js";

/** Types of requests that execution makes to consensus: deposits, withdrawals, consolidations (EIP-6110, 7002, 7251). */
export const requestTypes = { deposit: 0x00, withdrawal: 0x01, consolidation: 0x02 } as const;

/** The requests hash of a block without requests: SHA-256 of no bytes. */
export const emptyRequestsHash: Hex = "0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/**
 * The header's commitment to a block's requests (EIP-7685): SHA-256 of the SHA-256 of each. A request is its type byte and its
 * data, in the order of types; one without data counts for nothing.
 */
export function requestsHash(requests: readonly Uint8Array[]): Hex {
  const outer = sha256.create();
  for (const request of requests) if (request.length > 1) outer.update(sha256(request));
  return bytesToHex(outer.digest());
}
