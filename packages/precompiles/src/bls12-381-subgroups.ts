import { createRequire } from "node:module";
import { g1, g2 } from "./bls12-381-curve.ts";
import type { Pointer } from "./mcl.ts";

/** Says of a point that is on the curve and not at infinity whether it is in the group. */
export type Membership = (input: Uint8Array, offset: number, point: Pointer) => boolean;

/** Membership in both groups. */
export interface Subgroups {
  readonly implementation: "native" | "wasm";
  readonly isInG1: Membership;
  readonly isInG2: Membership;
}

/** Membership by mcl, which has the point already. */
export const wasmSubgroups: Subgroups = {
  implementation: "wasm",
  isInG1: (_input, _offset, point) => g1.hasGroupOrder(point),
  isInG2: (_input, _offset, point) => g2.hasGroupOrder(point),
};

/** The calls used of npm `@chainsafe/blst`, whose prebuilt binding wraps blst; both throw unless the point is in its group. */
interface Blst {
  readonly PublicKey: { fromBytes(bytes: Uint8Array, validate: boolean): unknown };
  readonly Signature: { fromBytes(bytes: Uint8Array, validate: boolean, refuseInfinity: boolean): unknown };
}

/** Membership by blst, five times as fast; undefined on a platform it has no prebuilt binding for. */
export function loadNativeSubgroups(): Subgroups | undefined {
  const blst = loadBinding();
  if (blst === undefined) return undefined;
  // Of each 64-byte word of EIP-2537 the last 48 bytes; blst, as BLS signatures do, has the imaginary half first.
  const wordsG1 = [0, 1];
  const wordsG2 = [1, 0, 3, 2];
  return {
    implementation: "native",
    isInG1: (input, offset) => isAccepted(() => blst.PublicKey.fromBytes(pick(input, offset, wordsG1), true)),
    isInG2: (input, offset) => isAccepted(() => blst.Signature.fromBytes(pick(input, offset, wordsG2), true, false)),
  };
}

/** Membership by the fastest implementation this platform has. */
export const subgroups: Subgroups = loadNativeSubgroups() ?? wasmSubgroups;

function pick(input: Uint8Array, offset: number, words: readonly number[]): Uint8Array {
  const coordinates = new Uint8Array(48 * words.length);
  for (const [index, word] of words.entries()) {
    const start = offset + 64 * word + 16;
    coordinates.set(input.subarray(start, start + 48), 48 * index);
  }
  return coordinates;
}

function isAccepted(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code === "BLST_POINT_NOT_IN_GROUP") return false;
    throw error;
  }
}

function loadBinding(): Blst | undefined {
  try {
    const binding: Blst = createRequire(import.meta.url)("@chainsafe/blst");
    return binding;
  } catch {
    return undefined;
  }
}
