import { createBn254G2Check } from "./bn254-subgroup.ts";
import { createG1, createG2 } from "./curve-group.ts";
import { FieldCodec } from "./field-codec.ts";
import { createAddition, createMultiplication } from "./group-operations.ts";
import { loadMcl } from "./mcl.ts";
import { createPairingCheck } from "./pairing-check.ts";
import { type Precompile, paddedSlice, trueWord } from "./precompile.ts";

// EIP-196: the curve y^2 = x^3 + 3 over the integers modulo p = 21888242871839275222246405745257275088696311157297823662689037894645226208583.
const modulus = Buffer.from("30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47", "hex");

const mcl = await loadMcl("bn254");
const codec = new FieldCodec({ wordBytes: 32, modulus }, mcl);
const g1 = createG1(mcl, codec);
const g2 = createG2(mcl, codec, "imaginary");
// The whole curve is the group G1: its cofactor is one.
const isMemberG1 = (): boolean => true;

const isInG2 = createBn254G2Check(mcl, codec);

const add = createAddition(g1, mcl);
const multiply = createMultiplication(g1, isMemberG1, { mcl, codec });
const isProductOne = createPairingCheck(
  { g1, g2, isMemberG1, isMemberG2: (_input, _offset, point) => isInG2(point) },
  mcl,
);

/** 0x06 (EIP-196, gas of EIP-1108): sum of two points; missing input reads as zero, what is too much is ignored. */
export const bn254Add: Precompile = {
  name: "BN254_ADD",
  gas: () => 150,
  run: (input) => add(paddedSlice(input, 0, 128)),
};

/** 0x07 (EIP-196, gas of EIP-1108): a point times a scalar of any 256 bits; input is read as by 0x06. */
export const bn254Mul: Precompile = {
  name: "BN254_MUL",
  gas: () => 6000,
  run: (input) => multiply(paddedSlice(input, 0, 96)),
};

const pairBytes = 192;

/** 0x08 (EIP-197, gas of EIP-1108): a word that says whether the product of pairings is one; of no pairs it is. */
export const bn254Pairing: Precompile = {
  name: "BN254_PAIRING",
  gas: (input) => 45_000 + 34_000 * Math.floor(input.length / pairBytes),
  run(input) {
    if (input.length % pairBytes !== 0) return undefined;
    const isOne = isProductOne(input);
    if (isOne === undefined) return undefined;
    return isOne ? trueWord() : new Uint8Array(32);
  },
};
