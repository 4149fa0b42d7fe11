import { createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import type { Ed25519 } from "@koinon/tlog/ed25519";

/** RFC 8410 headers of raw keys. */
const privateHeader = Buffer.from("302e020100300506032b657004220420", "hex");
const publicHeader = Buffer.from("302a300506032b6570032100", "hex");

const privateKeyOf = (seed: Uint8Array) =>
  createPrivateKey({ key: Buffer.concat([privateHeader, seed]), format: "der", type: "pkcs8" });

/** OpenSSL's Ed25519: thousands of mutations take seconds with it, and it is a second opinion on the portable one. */
export const nodeEd25519: Ed25519 = {
  publicKey: (seed) => createPublicKey(privateKeyOf(seed)).export({ format: "der", type: "spki" }).subarray(-32),
  sign: (message, seed) => sign(null, message, privateKeyOf(seed)),
  verify(signature, message, publicKey) {
    const key = createPublicKey({ key: Buffer.concat([publicHeader, publicKey]), format: "der", type: "spki" });
    return signature.length === 64 && verify(null, message, key, signature);
  },
};
