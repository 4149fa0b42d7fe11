import { describe, expect, test } from "@jest/globals";
import { createSigner, recoverAddress } from "@koinon/secp256k1/ecdsa";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import fc from "fast-check";
import { at, hex, outcome } from "./at.ts";
import { concat, word } from "./encode-points.ts";

const ecrecover = at(0x01);
const order = secp256k1.Point.Fn.ORDER;
const scalars = fc.bigInt({ min: 1n, max: order - 1n });
const digests = fc.uint8Array({ minLength: 32, maxLength: 32 });

function call(digest: Uint8Array, v: bigint, r: bigint, s: bigint): Uint8Array {
  return concat(digest, word(v), word(r), word(s));
}

describe("ecrecover", () => {
  test("finds the signer, with a low s and with a high one", () => {
    fc.assert(
      fc.property(scalars, digests, (key, digest) => {
        const signer = createSigner(word(key));
        const signature = signer.sign(digest);
        const [r, s] = [0, 32].map((at) => BigInt(`0x${hex(signature.subarray(at, at + 32))}`)) as [bigint, bigint];
        const v = BigInt(signature[64] as number);
        const expected = `${"00".repeat(12)}${signer.address.slice(2)}`;
        expect(outcome(ecrecover, call(digest, v, r, s))).toBe(expected);
        expect(outcome(ecrecover, call(digest, 55n - v, r, order - s))).toBe(expected);
        expect(outcome(ecrecover, concat(call(digest, v, r, s), digest))).toBe(expected);
      }),
      { numRuns: 40 },
    );
  });

  test("answers as @noble/curves to any r and s", () => {
    const edges = fc.constantFrom(0n, 1n, order / 2n, order / 2n + 1n, order - 1n, order, order + 1n, 2n ** 256n - 1n);
    const numbers = fc.oneof(scalars, edges);
    fc.assert(
      fc.property(digests, fc.constantFrom(27n, 28n), numbers, numbers, (digest, v, r, s) => {
        expect(outcome(ecrecover, call(digest, v, r, s))).toBe(recoverByNoble(digest, v, r, s));
      }),
      { numRuns: 60 },
    );
  });

  test("no output for a v other than 27 and 28, in whichever byte it differs", () => {
    const digest = new Uint8Array(32).fill(5);
    const signature = createSigner(word(3n)).sign(digest);
    const valid = concat(digest, word(BigInt(signature[64] as number)), signature.subarray(0, 64));
    expect(outcome(ecrecover, valid)).toContain(recoverAddress(digest, signature).slice(2));
    for (let index = 32; index < 63; index++) {
      const changed = valid.slice();
      changed[index] = 1;
      expect([index, outcome(ecrecover, changed)]).toEqual([index, ""]);
    }
    for (const v of [0, 1, 26, 29, 35, 255]) expect(outcome(ecrecover, valid.slice().fill(v, 63, 64))).toBe("");
  });

  test("missing input reads as zero", () => {
    for (const length of [0, 1, 32, 64, 96]) expect(outcome(ecrecover, new Uint8Array(length).fill(27))).toBe("");
    // s ends in zero bytes: the call without them is the same call.
    const full = call(new Uint8Array(32).fill(5), 27n, 1n, 1n << 248n);
    const short = full.subarray(0, 97);
    expect(outcome(ecrecover, short)).toBe(outcome(ecrecover, full));
    expect(outcome(ecrecover, full)).toHaveLength(64);
  });
});

function recoverByNoble(digest: Uint8Array, v: bigint, r: bigint, s: bigint): string {
  try {
    const signature = new secp256k1.Signature(r, s, Number(v) - 27);
    const publicKey = signature.recoverPublicKey(digest).toBytes(false);
    return `${"00".repeat(12)}${hex(keccak_256(publicKey.subarray(1)).subarray(12))}`;
  } catch {
    return "";
  }
}
