import type { CurveGroup } from "./curve-group.ts";
import { type Mcl, type Pointer, sizes } from "./mcl.ts";

// mcl shares the squarings of a Miller loop among at most so many pairs (`mcl/bn.hpp`, millerLoopVec).
const pairsPerLoop = 16;

/** The two groups, and their subgroup checks of points that are on the curve and not at infinity. */
export interface PairingGroups {
  readonly g1: CurveGroup;
  readonly g2: CurveGroup;
  isMemberG1(input: Uint8Array, offset: number, point: Pointer): boolean;
  isMemberG2(input: Uint8Array, offset: number, point: Pointer): boolean;
}

/**
 * Whether the product of the pairings of encoded (G1, G2) pairs is one; undefined when a point is not in its group. The
 * input is whole pairs; of none the product is one.
 */
export function createPairingCheck(groups: PairingGroups, mcl: Mcl): (input: Uint8Array) => boolean | undefined {
  const { g1, g2 } = groups;
  const points1 = mcl._malloc(pairsPerLoop * sizes.g1);
  const points2 = mcl._malloc(pairsPerLoop * sizes.g2);
  const partial = mcl._malloc(sizes.gt);
  const product = mcl._malloc(sizes.gt);

  return (input) => {
    mcl._mclBnGT_setInt32(product, 1);
    let count = 0;
    const multiplyLoop = (): void => {
      if (count === 0) return;
      mcl._mclBn_millerLoopVec(partial, points1, points2, count);
      mcl._mclBnGT_mul(product, product, partial);
      count = 0;
    };
    for (let offset = 0; offset < input.length; offset += g1.encodedBytes + g2.encodedBytes) {
      const point1 = points1 + count * sizes.g1;
      const point2 = points2 + count * sizes.g2;
      const offset2 = offset + g1.encodedBytes;
      const kind1 = g1.read(input, offset, point1);
      const kind2 = g2.read(input, offset2, point2);
      if (kind1 === "invalid" || kind2 === "invalid") return undefined;
      if (kind1 === "point" && !groups.isMemberG1(input, offset, point1)) return undefined;
      if (kind2 === "point" && !groups.isMemberG2(input, offset2, point2)) return undefined;
      // A pairing with infinity is one.
      if (kind1 === "infinity" || kind2 === "infinity") continue;
      count += 1;
      if (count === pairsPerLoop) multiplyLoop();
    }
    multiplyLoop();
    mcl._mclBn_finalExp(product, product);
    return mcl._mclBnGT_isOne(product) === 1;
  };
}
