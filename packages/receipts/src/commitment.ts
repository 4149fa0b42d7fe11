import { bytesToHex, type Hex, writeHex } from "@koinon/secp256k1/hex";
import { sha256 } from "@noble/hashes/sha2.js";

/** Reveals what a commitment in a receipt commits to; private to the receipt's holder. */
export interface Opening {
  /** 32 fresh random bytes. */
  readonly blinding: Hex;
  /** SHA-256 of the committed bytes. */
  readonly digest: Hex;
}

/**
 * The commitment SHA-256(blinding ‖ digest). The log is public and short prompts can be guessed, so a bare digest would leak them;
 * committing to the digest lets both sides hash while they stream.
 */
export function commitmentOf({ blinding, digest }: Opening): Hex {
  const preimage = new Uint8Array(64);
  writeHex(blinding, preimage, 0, 32);
  writeHex(digest, preimage, 32, 32);
  return bytesToHex(sha256(preimage));
}

/** SHA-256 of whole bytes, as an opening holds it. */
export function digestOf(bytes: Uint8Array): Hex {
  return bytesToHex(sha256(bytes));
}
