import { createRequire } from "node:module";
import type { Curve } from "./curve.ts";

/** The calls used of npm `secp256k1` 5, whose prebuilt binding wraps libsecp256k1. */
interface Binding {
  publicKeyCreate(privateKey: Uint8Array, compressed: boolean): Uint8Array;
  publicKeyVerify(publicKey: Uint8Array): boolean;
  privateKeyVerify(privateKey: Uint8Array): boolean;
  ecdsaSign(digest: Uint8Array, privateKey: Uint8Array): { signature: Uint8Array; recid: number };
  ecdsaRecover(signature: Uint8Array, recoveryId: number, digest: Uint8Array, compressed: boolean): Uint8Array;
}

/** The libsecp256k1 inside npm `secp256k1`, or undefined on a platform it has no prebuilt binding for. */
export function loadPrebuiltCurve(): Curve | undefined {
  const binding = loadBinding();
  if (binding === undefined) return undefined;
  return {
    implementation: "prebuilt",
    publicKey: (privateKey) => binding.publicKeyCreate(privateKey, false),
    isPrivateKey: (privateKey) => binding.privateKeyVerify(privateKey),
    isPublicKey: (publicKey) => binding.publicKeyVerify(publicKey),
    sign(digest, privateKey) {
      const { signature, recid } = binding.ecdsaSign(digest, privateKey);
      return { compact: signature, recoveryId: recid };
    },
    recover: (digest, compact, recoveryId) => binding.ecdsaRecover(compact, recoveryId, digest, false),
  };
}

// The package's own entry would fall back to the `elliptic` package; asking for the binding itself leaves the fall-back to us.
function loadBinding(): Binding | undefined {
  try {
    const binding: Binding = createRequire(import.meta.url)("secp256k1/bindings.js");
    return binding;
  } catch {
    return undefined;
  }
}
