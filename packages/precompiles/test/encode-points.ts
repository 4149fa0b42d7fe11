import { bls12_381 } from "@noble/curves/bls12-381.js";
import { bn254 } from "@noble/curves/bn254.js";

/** The number as `length` big-endian bytes. */
export function word(value: bigint, length = 32): Uint8Array {
  return Uint8Array.from(Buffer.from(value.toString(16).padStart(2 * length, "0"), "hex"));
}

/** All of them, one behind another. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

type Affine = { readonly x: bigint; readonly y: bigint };
type AffineFp2 = { readonly x: Fp2; readonly y: Fp2 };
type Fp2 = { readonly c0: bigint; readonly c1: bigint };

/** Points as EIP-196 and EIP-197 write them. */
export const bn = {
  g1: ({ x, y }: Affine): Uint8Array => concat(word(x), word(y)),
  g2: ({ x, y }: AffineFp2): Uint8Array => concat(word(x.c1), word(x.c0), word(y.c1), word(y.c0)),
  g1Times: (scalar: bigint): Uint8Array => bn.g1(bn254.G1.Point.BASE.multiply(scalar).toAffine()),
  g2Times: (scalar: bigint): Uint8Array => bn.g2(bn254.G2.Point.BASE.multiply(scalar).toAffine()),
};

/** Points as EIP-2537 writes them. */
export const bls = {
  g1: ({ x, y }: Affine): Uint8Array => concat(word(x, 64), word(y, 64)),
  g2: ({ x, y }: AffineFp2): Uint8Array => concat(...[x.c0, x.c1, y.c0, y.c1].map((part) => word(part, 64))),
  g1Times: (scalar: bigint): Uint8Array => bls.g1(bls12_381.G1.Point.BASE.multiply(scalar).toAffine()),
  g2Times: (scalar: bigint): Uint8Array => bls.g2(bls12_381.G2.Point.BASE.multiply(scalar).toAffine()),
};

/** A call of 0x05: lengths, then the operands. */
export function modexpInput(base: Uint8Array, exponent: Uint8Array, modulus: Uint8Array): Uint8Array {
  const lengths = [base, exponent, modulus].map(({ length }) => word(BigInt(length)));
  return concat(...lengths, base, exponent, modulus);
}
