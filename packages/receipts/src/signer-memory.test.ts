import { describe, expect, test } from "@jest/globals";
import { createSigner, recoverAddress } from "@koinon/secp256k1/ecdsa";
import { recoverSigner } from "./signer-memory.ts";

const signer = createSigner(new Uint8Array(32).fill(5));

function signed(index: number) {
  const digest = new Uint8Array(32).fill(index % 256);
  digest[1] = index >> 8;
  return { digest, signature: signer.sign(digest) };
}

describe("recoverSigner", () => {
  test("answers what recovery answers, the first time and every other", () => {
    const { digest, signature } = signed(1);
    for (let time = 0; time < 3; time += 1) expect(recoverSigner(digest, signature)).toBe(signer.address);
  });

  test("a digest or a signature that differs in one bit is asked anew", () => {
    const { digest, signature } = signed(2);
    recoverSigner(digest, signature);
    const otherDigest = digest.with(31, 9);
    expect(recoverSigner(otherDigest, signature)).toBe(recoverAddress(otherDigest, signature));
    expect(recoverSigner(otherDigest, signature)).not.toBe(signer.address);
    expect(() => recoverSigner(digest, signature.with(64, 26))).toThrow("SIGNATURE_INVALID");
    expect(() => recoverSigner(digest, new Uint8Array([...signature, 0]))).toThrow("SIGNATURE_INVALID");
  });

  test("what falls out of memory is recovered again", () => {
    const first = signed(3);
    recoverSigner(first.digest, first.signature);
    for (let index = 4; index < 4_200; index += 1) recoverSigner(...both(signed(index)));
    expect(recoverSigner(first.digest, first.signature)).toBe(signer.address);
  });
});

function both({ digest, signature }: ReturnType<typeof signed>): [Uint8Array, Uint8Array] {
  return [digest, signature];
}
