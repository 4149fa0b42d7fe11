import type { Address } from "@koinon/secp256k1/address";
import { recoverAddress } from "@koinon/secp256k1/ecdsa";
import { bytesToHex } from "@koinon/secp256k1/hex";

/** Answers kept, about 400 bytes each. */
const kept = 4_096;

let young = new Map<string, Address>();
let old = new Map<string, Address>();

/**
 * Recovers a signer like `recoverAddress`, and remembers the last few thousand answers: where market and log run in one process, both ask
 * about every receipt, and the answer depends on nothing but the digest and the signature. Failures are not remembered.
 */
export function recoverSigner(digest: Uint8Array, signature: Uint8Array): Address {
  const key = bytesToHex(digest) + bytesToHex(signature);
  const known = young.get(key) ?? old.get(key);
  if (known !== undefined) return known;
  const signer = recoverAddress(digest, signature);
  if (young.size >= kept / 2) {
    old = young;
    young = new Map();
  }
  young.set(key, signer);
  return signer;
}
