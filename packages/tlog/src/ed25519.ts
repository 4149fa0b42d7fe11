import { ed25519 } from "@noble/curves/ed25519.js";

/** Ed25519 (RFC 8032): seeds and public keys are 32 bytes, signatures 64. Services inject Node's; the default runs anywhere. */
export interface Ed25519 {
  publicKey(seed: Uint8Array): Uint8Array;
  sign(message: Uint8Array, seed: Uint8Array): Uint8Array;
  /** False for anything that is not a valid signature; never throws. */
  verify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;
}

/** Ed25519 in JavaScript, for browsers and Node alike. */
export const portableEd25519: Ed25519 = {
  publicKey: (seed) => ed25519.getPublicKey(seed),
  sign: (message, seed) => ed25519.sign(message, seed),
  verify(signature, message, publicKey) {
    if (signature.length !== 64 || publicKey.length !== 32) return false;
    try {
      // RFC 8032 decoding, not ZIP 215: points must be canonical.
      return ed25519.verify(signature, message, publicKey, { zip215: false });
    } catch {
      // noble throws for encodings that are no curve point.
      return false;
    }
  },
};
