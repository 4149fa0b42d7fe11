import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import { keccak256 } from "@koinon/secp256k1/keccak";

/** Keccak-256 of bytes, as hex. */
export function keccakHex(bytes: Uint8Array): Hex {
  return bytesToHex(keccak256(bytes));
}
