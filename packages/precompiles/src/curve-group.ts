import { type FieldCodec, isZero } from "./field-codec.ts";
import { type Mcl, type Pointer, sizes } from "./mcl.ts";

/** What reading an encoded point finds: all zero stands for the point at infinity. */
export type PointKind = "point" | "infinity" | "invalid";

/** One of the two groups of a pairing, over points in mcl's memory and their encodings in calls. */
export interface CurveGroup {
  /** Length of an encoded point. */
  readonly encodedBytes: number;
  /** Size of a point in mcl's memory. */
  readonly pointBytes: number;
  /** Reads a point; "invalid" when a coordinate is out of range or it is not on the curve. The subgroup is not checked. */
  read(input: Uint8Array, offset: number, target: Pointer): PointKind;
  /** The encoding of a point; normalises it in place. */
  write(point: Pointer): Uint8Array;
  clear(result: Pointer): void;
  add(result: Pointer, left: Pointer, right: Pointer): void;
  /** The sum of `count` points times scalars, which lie one behind another. */
  multiplyAll(result: Pointer, points: Pointer, scalars: Pointer, count: number): void;
  /** True when a point of the curve, not at infinity, has the order of the group. */
  hasGroupOrder(point: Pointer): boolean;
}

/** G1: points with coordinates in the field, encoded x then y. */
export function createG1(mcl: Mcl, codec: FieldCodec): CurveGroup {
  const encodedBytes = 2 * codec.wordBytes;
  return {
    encodedBytes,
    pointBytes: sizes.g1,
    read(input, offset, target) {
      if (isZero(input, offset, offset + encodedBytes)) {
        mcl._mclBnG1_clear(target);
        return "infinity";
      }
      if (!codec.readElement(input, offset, target)) return "invalid";
      if (!codec.readElement(input, offset + codec.wordBytes, target + sizes.fp)) return "invalid";
      mcl._mclBnFp_setInt32(target + 2 * sizes.fp, 1);
      return mcl._mclBnG1_isValid(target) === 1 ? "point" : "invalid";
    },
    write(point) {
      const output = new Uint8Array(encodedBytes);
      if (mcl._mclBnG1_isZero(point) === 1) return output;
      mcl._mclBnG1_normalize(point, point);
      codec.writeElement(point, output, 0);
      codec.writeElement(point + sizes.fp, output, codec.wordBytes);
      return output;
    },
    clear: (result) => mcl._mclBnG1_clear(result),
    add: (result, left, right) => mcl._mclBnG1_add(result, left, right),
    multiplyAll: (result, points, scalars, count) => mcl._mclBnG1_mulVec(result, points, scalars, count),
    hasGroupOrder: (point) => mcl._mclBnG1_isValidOrder(point) === 1,
  };
}

/** Which half of an element of the quadratic extension is encoded first: EIP-197 says imaginary, EIP-2537 real. */
export type FirstHalf = "real" | "imaginary";

/** G2: points with coordinates in the quadratic extension, encoded x then y, each as two words. */
export function createG2(mcl: Mcl, codec: FieldCodec, first: FirstHalf): CurveGroup {
  const encodedBytes = 4 * codec.wordBytes;
  // Words of the encoding in the order of mcl's memory: x real, x imaginary, y real, y imaginary.
  const words = first === "real" ? [0, 1, 2, 3] : [1, 0, 3, 2];
  return {
    encodedBytes,
    pointBytes: sizes.g2,
    read(input, offset, target) {
      if (isZero(input, offset, offset + encodedBytes)) {
        mcl._mclBnG2_clear(target);
        return "infinity";
      }
      for (const [index, word] of words.entries()) {
        if (!codec.readElement(input, offset + word * codec.wordBytes, target + index * sizes.fp)) return "invalid";
      }
      mcl._mclBnFp_setInt32(target + 4 * sizes.fp, 1);
      mcl._mclBnFp_setInt32(target + 5 * sizes.fp, 0);
      return mcl._mclBnG2_isValid(target) === 1 ? "point" : "invalid";
    },
    write(point) {
      const output = new Uint8Array(encodedBytes);
      if (mcl._mclBnG2_isZero(point) === 1) return output;
      mcl._mclBnG2_normalize(point, point);
      for (const [index, word] of words.entries()) {
        codec.writeElement(point + index * sizes.fp, output, word * codec.wordBytes);
      }
      return output;
    },
    clear: (result) => mcl._mclBnG2_clear(result),
    add: (result, left, right) => mcl._mclBnG2_add(result, left, right),
    multiplyAll: (result, points, scalars, count) => mcl._mclBnG2_mulVec(result, points, scalars, count),
    hasGroupOrder: (point) => mcl._mclBnG2_isValidOrder(point) === 1,
  };
}
