import { createG1, createG2 } from "./curve-group.ts";
import { FieldCodec } from "./field-codec.ts";
import { loadMcl } from "./mcl.ts";

// EIP-2537: the modulus of the field, and (EIP-4844, BLS_MODULUS) the order of the groups.
const modulus = Buffer.from(
  "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab",
  "hex",
);

/** Order of G1 and G2, big-endian. */
export const groupOrder: Uint8Array = Buffer.from(
  "73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001",
  "hex",
);

/** BLS12-381 in mcl, with the encodings of EIP-2537; mcl keeps its scratch memory, so nothing may run in between. */
export const mcl = await loadMcl("bls12381");
export const codec = new FieldCodec({ wordBytes: 64, modulus }, mcl);
export const g1 = createG1(mcl, codec);
export const g2 = createG2(mcl, codec, "real");
