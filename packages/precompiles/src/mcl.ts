import { createRequire } from "node:module";
import { invariant } from "@koinon/errors/invariant";

/** Place of a value in mcl's memory. */
export type Pointer = number;

/** Sizes of mcl's values in bytes; the build in npm `mcl-wasm` gives every field 384 bits. */
export const sizes = { fp: 48, fr: 32, g1: 3 * 48, g2: 6 * 48, gt: 12 * 48 } as const;

/** The calls used of mcl's C interface (herumi/mcl, `include/mcl/bn.h`), compiled to WebAssembly. Results come first. */
export interface Mcl {
  readonly wasmMemory: { readonly buffer: ArrayBuffer };
  _malloc(sizeBytes: number): Pointer;
  _mclBn_init(curve: number, compiledVariables: number): number;
  _mclBn_setETHserialization(enabled: 0 | 1): void;
  _mclBn_setMapToMode(mode: number): number;
  _mclBn_verifyOrderG1(verify: 0 | 1): void;
  _mclBn_verifyOrderG2(verify: 0 | 1): void;

  _mclBnFp_setInt32(result: Pointer, value: number): void;
  _mclBnFp_neg(result: Pointer, value: Pointer): void;
  _mclBnFp_setBigEndianMod(result: Pointer, bytes: Pointer, length: number): number;
  _mclBnFr_setBigEndianMod(result: Pointer, bytes: Pointer, length: number): number;
  /** Writes as many bytes as the value takes and returns how many. */
  _mclBnFp_getLittleEndian(bytes: Pointer, lengthMax: number, value: Pointer): number;
  _mclBnFp_mapToG1(result: Pointer, value: Pointer): number;
  _mclBnFp2_mul(result: Pointer, left: Pointer, right: Pointer): void;
  _mclBnFp2_mapToG2(result: Pointer, value: Pointer): number;

  _mclBnG1_clear(result: Pointer): void;
  _mclBnG1_isValid(point: Pointer): 0 | 1;
  _mclBnG1_isValidOrder(point: Pointer): 0 | 1;
  _mclBnG1_isZero(point: Pointer): 0 | 1;
  _mclBnG1_normalize(result: Pointer, point: Pointer): void;
  _mclBnG1_neg(result: Pointer, point: Pointer): void;
  _mclBnG1_add(result: Pointer, left: Pointer, right: Pointer): void;
  _mclBnG1_sub(result: Pointer, left: Pointer, right: Pointer): void;
  _mclBnG1_mul(result: Pointer, point: Pointer, scalar: Pointer): void;
  _mclBnG1_mulVec(result: Pointer, points: Pointer, scalars: Pointer, count: number): void;
  _mclBnG1_deserialize(result: Pointer, bytes: Pointer, length: number): number;

  _mclBnG2_clear(result: Pointer): void;
  _mclBnG2_isValid(point: Pointer): 0 | 1;
  _mclBnG2_isValidOrder(point: Pointer): 0 | 1;
  _mclBnG2_isZero(point: Pointer): 0 | 1;
  _mclBnG2_normalize(result: Pointer, point: Pointer): void;
  _mclBnG2_isEqual(left: Pointer, right: Pointer): 0 | 1;
  _mclBnG2_dbl(result: Pointer, point: Pointer): void;
  _mclBnG2_add(result: Pointer, left: Pointer, right: Pointer): void;
  _mclBnG2_mulVec(result: Pointer, points: Pointer, scalars: Pointer, count: number): void;
  _mclBnG2_deserialize(result: Pointer, bytes: Pointer, length: number): number;

  _mclBnGT_setInt32(result: Pointer, value: number): void;
  _mclBnGT_mul(result: Pointer, left: Pointer, right: Pointer): void;
  _mclBnGT_isOne(value: Pointer): 0 | 1;
  _mclBn_millerLoopVec(result: Pointer, pointsG1: Pointer, pointsG2: Pointer, count: number): void;
  /** Number of 8-byte units that a prepared point of G2 takes. */
  _mclBn_getUint64NumToPrecompute(): number;
  _mclBn_precomputeG2(result: Pointer, pointG2: Pointer): void;
  /** Product of two Miller loops over prepared points. */
  _mclBn_precomputedMillerLoop2(result: Pointer, p: Pointer, q: Pointer, p2: Pointer, q2: Pointer): void;
  _mclBn_finalExp(result: Pointer, value: Pointer): void;
}

/** Curve numbers of mcl (`include/mcl/curve_type.h`). */
export const curveNumbers = { bn254: 4, bls12381: 5 } as const;

// include/mcl/bn.h, MCLBN_COMPILED_TIME_VAR: 64-bit units of Fr times ten plus those of Fp; init compares it with the build.
const compiledVariables = 10 * (sizes.fr / 8) + sizes.fp / 8;
// include/mcl/curve_type.h, MCL_MAP_TO_MODE_HASH_TO_CURVE: the maps of RFC 9380, which EIP-2537 asks for.
const mapOfRfc9380 = 5;

/**
 * An instance of mcl for one curve. The package's own entry has one instance per process and speaks text; ours are apart, so
 * that two curves live side by side, and take bytes. Points are checked to be on the curve; the subgroup only when asked.
 */
export async function loadMcl(curve: keyof typeof curveNumbers): Promise<Mcl> {
  const createModule: (options: { cryptoGetRandomValues(): never }) => Promise<Mcl> = createRequire(import.meta.url)(
    "mcl-wasm/dist/mcl_c.js",
  );
  const mcl = await createModule({
    cryptoGetRandomValues: () => {
      throw new Error("precompiled contracts take no randomness");
    },
  });
  invariant(mcl._mclBn_init(curveNumbers[curve], compiledVariables) === 0, "mcl knows the curve");
  mcl._mclBn_verifyOrderG1(0);
  mcl._mclBn_verifyOrderG2(0);
  if (curve === "bls12381") invariant(mcl._mclBn_setMapToMode(mapOfRfc9380) === 0, "mcl knows the maps of RFC 9380");
  return mcl;
}
