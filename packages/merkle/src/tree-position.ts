import { MerkleError } from "./merkle-error.ts";

/** A complete subtree: the leaves from `index << level` to `(index + 1) << level`. Level 0 is the leaves. */
export interface TreePosition {
  readonly level: number;
  readonly index: bigint;
}

/** Leaf indexes and tree sizes, as a bigint or as a safe integer. */
export type TreeNumber = bigint | number;

/** Trees are smaller than 2^63 leaves, the limit of the C2SP log formats. */
export const TREE_SIZE_MAX = 2n ** 63n - 1n;

/** A non-negative integer within the limit as a bigint, or undefined for anything else. */
export function treeNumber(value: TreeNumber): bigint | undefined {
  if (typeof value === "number") return Number.isSafeInteger(value) && value >= 0 ? BigInt(value) : undefined;
  if (typeof value !== "bigint") return undefined;
  return value >= 0n && value <= TREE_SIZE_MAX ? value : undefined;
}

/** The tree size as a bigint; throws TREE_SIZE_INVALID. */
export function treeSizeOf(value: TreeNumber): bigint {
  const size = treeNumber(value);
  if (size === undefined) throw new MerkleError({ code: "TREE_SIZE_INVALID", size: String(value) });
  return size;
}

/** The index of a leaf in a tree of that size; throws LEAF_INDEX_INVALID. */
export function leafIndexOf(value: TreeNumber, treeSize: bigint): bigint {
  const index = treeNumber(value);
  if (index === undefined || index >= treeSize) {
    throw new MerkleError({ code: "LEAF_INDEX_INVALID", index: String(value), treeSize });
  }
  return index;
}

/** How many bits it takes to write the value: 0 for 0, 3 for 5. */
export function bitLength(value: bigint): number {
  return value === 0n ? 0 : value.toString(2).length;
}

/** How many bits of the value are set. */
export function bitCount(value: bigint): number {
  let count = 0;
  for (let rest = value; rest !== 0n; rest &= rest - 1n) count++;
  return count;
}

/** How many zero bits the value ends in; the value is not zero. */
export function trailingZeros(value: bigint): number {
  return bitLength(value & -value) - 1;
}

/**
 * The complete subtrees that the leaves [begin, end) fall into, left to right, largest first. `begin` is a multiple of the
 * smallest power of two that is at least `end - begin`, as it is for every subtree of RFC 9162.
 */
export function completeSubtrees(begin: bigint, end: bigint): TreePosition[] {
  const positions: TreePosition[] = [];
  for (let at = begin; at < end; ) {
    const level = bitLength(end - at) - 1;
    positions.push({ level, index: at >> BigInt(level) });
    at += 1n << BigInt(level);
  }
  return positions;
}
