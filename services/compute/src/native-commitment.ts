import { hash } from "node:crypto";
import type { Hex } from "@koinon/secp256k1/hex";

/** What `commitmentOf` of `@koinon/receipts` answers, SHA-256(blinding ‖ digest), by Node's own SHA-256: both are 32 bytes. */
export function nativeCommitment(blinding: Uint8Array, digest: Uint8Array): Hex {
  return `0x${hash("sha256", Buffer.concat([blinding, digest]), "hex")}`;
}
