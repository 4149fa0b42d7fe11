import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { naivePath, naiveReader, naiveRoot, testLeaves } from "../test/naive-tree.ts";
import { entries, inclusionProofs, roots } from "../test/vectors.ts";
import { createInclusionProof, type InclusionClaim, rootOfInclusion, verifyInclusion } from "./inclusion.ts";
import { portableTreeHasher as hasher } from "./tree-hasher.ts";

const published = entries.map((entry) => hasher.leaf(entry));

async function claimOf(leaves: Uint8Array[], index: number): Promise<InclusionClaim & { leafHash: Uint8Array }> {
  const hashes = await createInclusionProof(naiveReader(leaves), index, leaves.length);
  return { index, treeSize: leaves.length, leafHash: leaves[index] ?? new Uint8Array(32), hashes };
}

describe("inclusion proofs", () => {
  test("are the published ones, and the published ones verify", async () => {
    for (const { index, treeSize, hashes } of inclusionProofs) {
      const claim = await claimOf(published.slice(0, treeSize), index);
      expect(claim.hashes).toEqual(hashes);
      expect(verifyInclusion({ ...claim, hashes }, roots[treeSize] ?? hasher.emptyRoot)).toBe(true);
    }
  });

  test("are those of the definition for every leaf of every tree up to 34 leaves", async () => {
    for (let size = 1; size <= 34; size++) {
      const leaves = testLeaves(size);
      const root = naiveRoot(leaves);
      for (let index = 0; index < size; index++) {
        const claim = await claimOf(leaves, index);
        expect([index, size, claim.hashes]).toEqual([index, size, naivePath(index, leaves)]);
        expect([index, size, verifyInclusion(claim, root)]).toEqual([index, size, true]);
        expect(rootOfInclusion({ ...claim, index: BigInt(index), treeSize: BigInt(size) })).toEqual(root);
      }
    }
  });

  test("of a tree of one leaf compare the leaf with the root", () => {
    const leafHash = hasher.leaf(Uint8Array.of(7));
    const claim = { index: 0, treeSize: 1, leafHash, hashes: [] };
    expect(verifyInclusion(claim, leafHash)).toBe(true);
    expect(verifyInclusion(claim, hasher.leaf(Uint8Array.of(8)))).toBe(false);
    expect(verifyInclusion({ ...claim, hashes: [leafHash] }, leafHash)).toBe(false);
  });

  test("never hold in an empty tree, at an index outside, or with numbers that are none", () => {
    const leafHash = hasher.leaf(Uint8Array.of(7));
    const bad: [unknown, unknown][] = [
      [0, 0],
      [1, 1],
      [-1, 1],
      [0.5, 1],
      [Number.NaN, 1],
      [0, 2 ** 53],
      [0, 2n ** 63n],
      ["0", 1],
      [0n, undefined],
    ];
    for (const [index, treeSize] of bad) {
      const claim = { index, treeSize, leafHash, hashes: [] } as InclusionClaim;
      expect([index, treeSize, verifyInclusion(claim, leafHash)]).toEqual([index, treeSize, false]);
    }
  });

  test("can not be asked for outside the tree", async () => {
    const reader = naiveReader(testLeaves(3));
    expect(() => createInclusionProof(reader, 3, 3)).toThrow("LEAF_INDEX_INVALID");
    expect(() => createInclusionProof(reader, 0, 0)).toThrow("LEAF_INDEX_INVALID");
    expect(() => createInclusionProof(reader, 0, -3)).toThrow("TREE_SIZE_INVALID");
    await expect(createInclusionProof({ readHashes: async () => [] }, 0, 3)).rejects.toThrow("HASHES_MISSING");
  });
});

describe("mutated inclusion proofs", () => {
  const mutation = fc.record({
    size: fc.integer({ min: 1, max: 200 }),
    at: fc.nat(),
    byte: fc.nat(31),
    bit: fc.nat(7),
    pick: fc.nat(),
  });

  test("fail, whatever is changed", async () => {
    await fc.assert(
      fc.asyncProperty(mutation, async ({ size, at, byte, bit, pick }) => {
        const leaves = testLeaves(size);
        const index = at % size;
        const claim = await claimOf(leaves, index);
        const root = naiveRoot(leaves);
        const flip = (hash: Uint8Array) => hash.map((value, i) => (i === byte ? value ^ (1 << bit) : value));
        expect(verifyInclusion(claim, root)).toBe(true);
        expect(verifyInclusion(claim, flip(root))).toBe(false);
        expect(verifyInclusion({ ...claim, leafHash: flip(claim.leafHash) }, root)).toBe(false);
        for (const [i, hash] of claim.hashes.entries()) {
          expect(verifyInclusion({ ...claim, hashes: claim.hashes.with(i, flip(hash)) }, root)).toBe(false);
          expect(verifyInclusion({ ...claim, hashes: claim.hashes.with(i, hash.slice(1)) }, root)).toBe(false);
          expect(verifyInclusion({ ...claim, hashes: claim.hashes.toSpliced(i, 1) }, root)).toBe(false);
        }
        const extra = leaves[pick % size] ?? root;
        for (let i = 0; i <= claim.hashes.length; i++) {
          expect(verifyInclusion({ ...claim, hashes: claim.hashes.toSpliced(i, 0, extra) }, root)).toBe(false);
        }
        const otherIndex = pick % (size + 3);
        expect(verifyInclusion({ ...claim, index: otherIndex }, root)).toBe(otherIndex === index);
      }),
      { numRuns: 150 },
    );
  });

  test("fail for another tree size unless its path is the very same", async () => {
    // RFC 9162 paths do not always name the size: leaf 0 of 5 and of 6 both have three hashes. The size is bound by the
    // checkpoint, so the verifier must be given the checkpoint's; what must hold here is that lengths are checked.
    const leaves = testLeaves(6);
    const claim = await claimOf(leaves, 0);
    const root = naiveRoot(leaves);
    const holds = Array.from({ length: 20 }, (_, treeSize) => verifyInclusion({ ...claim, treeSize }, root));
    expect(holds.flatMap((ok, size) => (ok ? [size] : []))).toEqual([5, 6, 7, 8]);
    const last = await claimOf(leaves, 5);
    const sizes = Array.from({ length: 20 }, (_, treeSize) => verifyInclusion({ ...last, treeSize }, root));
    expect(sizes.flatMap((ok, size) => (ok ? [size] : []))).toEqual([6]);
  });
});
