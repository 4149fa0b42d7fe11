import { createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import type { Ed25519 } from "../src/ed25519.ts";

// DER in front of the raw 32 bytes: PKCS #8 of an Ed25519 seed, and SPKI of an Ed25519 public key (RFC 8410).
const SEED_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");
const PUBLIC_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

const privateKey = (seed: Uint8Array) =>
  createPrivateKey({ key: Buffer.concat([SEED_PREFIX, seed]), format: "der", type: "pkcs8" });

/** Ed25519 of Node's crypto: a second implementation for the tests, and fast enough to mutate every byte. */
export const nodeEd25519: Ed25519 = {
  publicKey: (seed) =>
    Uint8Array.from(createPublicKey(privateKey(seed)).export({ format: "der", type: "spki" }).subarray(-32)),
  sign: (message, seed) => Uint8Array.from(sign(null, message, privateKey(seed))),
  verify(signature, message, publicKey) {
    if (signature.length !== 64) return false;
    const key = createPublicKey({ key: Buffer.concat([PUBLIC_PREFIX, publicKey]), format: "der", type: "spki" });
    return verify(null, message, key, signature);
  },
};
