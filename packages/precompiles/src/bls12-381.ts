import { codec, g1, g2, mcl } from "./bls12-381-curve.ts";
import { gasOfG1Msm, gasOfG2Msm } from "./bls12-381-gas.ts";
import { subgroups } from "./bls12-381-subgroups.ts";
import type { CurveGroup } from "./curve-group.ts";
import { createAddition, createMultiplication } from "./group-operations.ts";
import { sizes } from "./mcl.ts";
import { createPairingCheck } from "./pairing-check.ts";
import { type Precompile, trueWord } from "./precompile.ts";

/** 0x0b (EIP-2537): sum of two points of the curve, which need not be in the group. */
export const bls12G1Add: Precompile = addition("BLS12_G1ADD", g1, 375);

/** 0x0d (EIP-2537): as 0x0b over the quadratic extension. */
export const bls12G2Add: Precompile = addition("BLS12_G2ADD", g2, 600);

/** 0x0c (EIP-2537): sum of points of G1 times scalars of any 256 bits. */
export const bls12G1Msm: Precompile = multiplication(
  "BLS12_G1MSM",
  g1,
  createMultiplication(g1, subgroups.isInG1, { mcl, codec }),
  gasOfG1Msm,
);

/** 0x0e (EIP-2537): sum of points of G2 times scalars of any 256 bits. */
export const bls12G2Msm: Precompile = multiplication(
  "BLS12_G2MSM",
  g2,
  createMultiplication(g2, subgroups.isInG2, { mcl, codec }),
  gasOfG2Msm,
);

const pairBytes = g1.encodedBytes + g2.encodedBytes;
const isProductOne = createPairingCheck({ g1, g2, isMemberG1: subgroups.isInG1, isMemberG2: subgroups.isInG2 }, mcl);

/** 0x0f (EIP-2537): a word that says whether the product of pairings is one. */
export const bls12PairingCheck: Precompile = {
  name: "BLS12_PAIRING_CHECK",
  gas: (input) => 37_700 + 32_600 * Math.floor(input.length / pairBytes),
  run(input) {
    if (input.length === 0 || input.length % pairBytes !== 0) return undefined;
    const isOne = isProductOne(input);
    if (isOne === undefined) return undefined;
    return isOne ? trueWord() : new Uint8Array(32);
  },
};

const element = mcl._malloc(2 * sizes.fp);
const mapped = mcl._malloc(sizes.g2);

/** 0x10 (EIP-2537): the point of G1 that a field element maps to (RFC 9380 section 6.6.3, cofactor cleared). */
export const bls12MapFpToG1: Precompile = {
  name: "BLS12_MAP_FP_TO_G1",
  gas: () => 5500,
  run(input) {
    if (input.length !== codec.wordBytes || !codec.readElement(input, 0, element)) return undefined;
    return mcl._mclBnFp_mapToG1(mapped, element) === 0 ? g1.write(mapped) : undefined;
  },
};

/** 0x11 (EIP-2537): the point of G2 that an element of the quadratic extension maps to. */
export const bls12MapFp2ToG2: Precompile = {
  name: "BLS12_MAP_FP2_TO_G2",
  gas: () => 23_800,
  run(input) {
    if (input.length !== 2 * codec.wordBytes || !codec.readElement(input, 0, element)) return undefined;
    if (!codec.readElement(input, codec.wordBytes, element + sizes.fp)) return undefined;
    return mcl._mclBnFp2_mapToG2(mapped, element) === 0 ? g2.write(mapped) : undefined;
  },
};

function addition(name: string, group: CurveGroup, gas: number): Precompile {
  const add = createAddition(group, mcl);
  return {
    name,
    gas: () => gas,
    run: (input) => (input.length === 2 * group.encodedBytes ? add(input) : undefined),
  };
}

function multiplication(
  name: string,
  group: CurveGroup,
  multiply: (input: Uint8Array) => Uint8Array | undefined,
  gasOf: (pairs: number) => number,
): Precompile {
  const pairBytes = group.encodedBytes + 32;
  return {
    name,
    gas: (input) => gasOf(Math.floor(input.length / pairBytes)),
    run: (input) => (input.length > 0 && input.length % pairBytes === 0 ? multiply(input) : undefined),
  };
}
