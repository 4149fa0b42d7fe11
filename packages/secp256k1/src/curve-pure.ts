import { secp256k1 } from "@noble/curves/secp256k1.js";
import type { Curve } from "./curve.ts";

/** The curve in plain JavaScript: for browsers, and for platforms without a native build. */
export const pureCurve: Curve = {
  implementation: "pure",
  publicKey: (privateKey) => secp256k1.getPublicKey(privateKey, false),
  isPrivateKey: (privateKey) => secp256k1.utils.isValidSecretKey(privateKey),
  isPublicKey: (publicKey) => secp256k1.utils.isValidPublicKey(publicKey, false),
  sign(digest, privateKey) {
    // The library writes the recovery id first: one byte, then r and s.
    const recovered = secp256k1.sign(digest, privateKey, { prehash: false, lowS: true, format: "recovered" });
    return { compact: recovered.subarray(1), recoveryId: recovered[0] as number };
  },
  recover(digest, compact, recoveryId) {
    const point = secp256k1.Signature.fromBytes(compact, "compact").addRecoveryBit(recoveryId).recoverPublicKey(digest);
    return point.toBytes(false);
  },
};
