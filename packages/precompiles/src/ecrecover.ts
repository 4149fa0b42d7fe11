import { recoverAddress } from "@koinon/secp256k1/ecdsa";
import { SignatureError } from "@koinon/secp256k1/fault";
import { writeHex } from "@koinon/secp256k1/hex";
import { type Precompile, paddedSlice } from "./precompile.ts";

// SEC 2 section 2.4.1: the order of the group, and half of it rounded down.
const groupOrder = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const halfOrder = groupOrder >> 1n;

/**
 * 0x01 (yellow paper, appendix E.1): the address behind a signature over a digest, right-aligned in a word; no output when
 * there is none. Unlike a transaction's signature (EIP-2) a high s is valid here.
 */
export const ecrecover: Precompile = {
  name: "ECREC",
  gas: () => 3000,
  run(input) {
    const padded = paddedSlice(input, 0, 128);
    const signature = signatureOf(padded);
    if (signature === undefined) return new Uint8Array(0);
    try {
      const output = new Uint8Array(32);
      writeHex(recoverAddress(padded.subarray(0, 32), signature), output, 12, 20);
      return output;
    } catch (error) {
      if (error instanceof SignatureError) return new Uint8Array(0);
      throw error;
    }
  },
};

/** The 65 bytes r, s, v with a low s; undefined when v is not 27 or 28. Ranges of r and s are left to recovery. */
function signatureOf(padded: Uint8Array): Uint8Array | undefined {
  for (let index = 32; index < 63; index++) if (padded[index] !== 0) return undefined;
  const v = padded[63] as number;
  if (v !== 27 && v !== 28) return undefined;

  const signature = new Uint8Array(65);
  signature.set(padded.subarray(64, 128));
  signature[64] = v;
  // (r, s, v) and (r, n - s, other v) belong to the same key; recovery takes the one with the low s.
  if ((padded[96] as number) >= 0x7f) lowerS(signature);
  return signature;
}

function lowerS(signature: Uint8Array): void {
  const s = BigInt(`0x${Buffer.from(signature.buffer, 32, 32).toString("hex")}`);
  if (s <= halfOrder || s >= groupOrder) return;
  signature.set(Buffer.from((groupOrder - s).toString(16).padStart(64, "0"), "hex"), 32);
  signature[64] = 55 - (signature[64] as number);
}
