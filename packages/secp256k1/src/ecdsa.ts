import { invariant } from "@koinon/errors/invariant";
import type { Address } from "./address.ts";
import type { Curve, CurveImplementation } from "./curve.ts";
import { SignatureError } from "./fault.ts";
import { bytesToHex } from "./hex.ts";
import type { Signer } from "./signer.ts";

/** Length of a signature: r, s, v. */
export const signatureBytes = 65;

/** Recoverable ECDSA over Ethereum addresses. */
export interface Ecdsa {
  /** Which curve is in use, for logs and tests. */
  readonly implementation: CurveImplementation;
  /** A signer over a 32-byte private key; throws SignatureError `PRIVATE_KEY_INVALID`. */
  createSigner(privateKey: Uint8Array): Signer;
  /**
   * The address whose key made this signature over this 32-byte digest. Throws SignatureError `SIGNATURE_INVALID` unless the
   * signature is 65 bytes with v 27 or 28 and a low s (EIP-2), so that nobody can turn it into another valid one.
   */
  recoverAddress(digest: Uint8Array, signature: Uint8Array): Address;
  /** The address of an uncompressed public key (65 bytes); throws SignatureError `PUBLIC_KEY_INVALID`. */
  addressFromPublicKey(publicKey: Uint8Array): Address;
}

/** Builds the same behaviour on whichever curve and hash the platform has. */
export function createEcdsa({
  curve,
  keccak256InPlace,
}: {
  curve: Curve;
  keccak256InPlace(bytes: Uint8Array): DataView;
}): Ecdsa {
  const addressOf = (publicKey: Uint8Array): Address => {
    const { buffer, byteOffset } = keccak256InPlace(publicKey.subarray(1));
    return bytesToHex(new Uint8Array(buffer, byteOffset + 12, 20));
  };

  return {
    implementation: curve.implementation,
    createSigner(privateKey) {
      if (privateKey.length !== 32 || !curve.isPrivateKey(privateKey)) {
        throw new SignatureError({ code: "PRIVATE_KEY_INVALID" });
      }
      const key = Uint8Array.from(privateKey);
      return { address: addressOf(curve.publicKey(key)), sign: (digest) => signDigest(curve, digest, key) };
    },
    recoverAddress(digest, signature) {
      assertDigest(digest);
      const recoveryId = checkSignature(signature);
      try {
        return addressOf(curve.recover(digest, signature.subarray(0, 64), recoveryId));
      } catch (cause) {
        throw new SignatureError({ code: "SIGNATURE_INVALID", reason: "no-such-point" }, { cause });
      }
    },
    addressFromPublicKey(publicKey) {
      if (publicKey.length !== 65 || publicKey[0] !== 0x04 || !curve.isPublicKey(publicKey)) {
        throw new SignatureError({ code: "PUBLIC_KEY_INVALID" });
      }
      return addressOf(publicKey);
    },
  };
}

function signDigest(curve: Curve, digest: Uint8Array, key: Uint8Array): Uint8Array<ArrayBuffer> {
  assertDigest(digest);
  const { compact, recoveryId } = curve.sign(digest, key);
  // Ids 2 and 3 mean r wrapped around the group order: probability about 2^-127.
  invariant(recoveryId === 0 || recoveryId === 1, "the recovery id of a signature is 0 or 1");
  const signature = new Uint8Array(signatureBytes);
  signature.set(compact);
  signature[64] = 27 + recoveryId;
  return signature;
}

function assertDigest(digest: Uint8Array): void {
  if (digest.length !== 32) throw new SignatureError({ code: "DIGEST_MALFORMED", length: digest.length });
}

function checkSignature(signature: Uint8Array): 0 | 1 {
  if (signature.length !== signatureBytes) throw invalid("length");
  const v = signature[64];
  if (v !== 27 && v !== 28) throw invalid("recovery-id");
  if (!hasLowS(signature)) throw invalid("high-s");
  return v === 27 ? 0 : 1;
}

// Half the group order, SEC 2 section 2.4.1; s above it is the other signature of a malleable pair (EIP-2).
const halfOrder = Uint8Array.from([
  0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x5d, 0x57, 0x6e,
  0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0,
]);

function hasLowS(signature: Uint8Array): boolean {
  for (let index = 0; index < 32; index++) {
    const difference = (signature[32 + index] as number) - (halfOrder[index] as number);
    if (difference !== 0) return difference < 0;
  }
  return true;
}

function invalid(reason: "length" | "recovery-id" | "high-s"): SignatureError {
  return new SignatureError({ code: "SIGNATURE_INVALID", reason });
}
