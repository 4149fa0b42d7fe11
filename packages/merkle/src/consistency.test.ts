import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { naiveConsistency, naiveReader, naiveRoot, testLeaves } from "../test/naive-tree.ts";
import { consistencyProofs, entries, roots } from "../test/vectors.ts";
import { createConsistencyProof, verifyConsistency } from "./consistency.ts";
import { readRoot } from "./hash-reader.ts";
import { portableTreeHasher as hasher } from "./tree-hasher.ts";

const published = entries.map((entry) => hasher.leaf(entry));
const headOf = (leaves: Uint8Array[], size: number) => ({ size, root: naiveRoot(leaves.slice(0, size)) });

describe("consistency proofs", () => {
  test("are the published ones, and the published ones verify", async () => {
    for (const { first, second, hashes } of consistencyProofs) {
      expect(await createConsistencyProof(naiveReader(published), first, second)).toEqual(hashes);
      const [one, two] = [first, second].map((size) => ({ size, root: roots[size] ?? hasher.emptyRoot }));
      expect(one && two && verifyConsistency(one, two, hashes)).toBe(true);
    }
  });

  test("are those of the definition for every pair of sizes up to 34", async () => {
    const leaves = testLeaves(34);
    const heads = Array.from({ length: 35 }, (_, size) => headOf(leaves, size));
    for (const first of heads) {
      for (const second of heads.slice(first.size)) {
        const proof = await createConsistencyProof(naiveReader(leaves), first.size, BigInt(second.size));
        const expected = first.size === 0 ? [] : naiveConsistency(first.size, leaves.slice(0, second.size));
        expect([first.size, second.size, proof]).toEqual([first.size, second.size, expected]);
        expect([first.size, second.size, verifyConsistency(first, second, proof)]).toEqual([
          first.size,
          second.size,
          true,
        ]);
      }
    }
  });

  test("between equal sizes need equal roots and nothing else", () => {
    const root = hasher.leaf(Uint8Array.of(1));
    const other = hasher.leaf(Uint8Array.of(2));
    for (const size of [1, 2, 3, 4, 2n ** 62n]) {
      expect(verifyConsistency({ size, root }, { size, root }, [])).toBe(true);
      expect(verifyConsistency({ size, root }, { size, root: other }, [])).toBe(false);
      expect(verifyConsistency({ size, root }, { size, root }, [root])).toBe(false);
    }
  });

  test("from an empty tree need the empty root and an empty proof", () => {
    const root = hasher.leaf(Uint8Array.of(1));
    const empty = { size: 0, root: hasher.emptyRoot };
    expect(verifyConsistency(empty, empty, [])).toBe(true);
    expect(verifyConsistency(empty, { size: 1, root }, [])).toBe(true);
    expect(verifyConsistency(empty, { size: 1, root }, [root])).toBe(false);
    expect(verifyConsistency({ size: 0, root }, { size: 1, root }, [])).toBe(false);
    expect(verifyConsistency({ size: 0, root }, { size: 0, root }, [])).toBe(false);
    expect(verifyConsistency(empty, { size: 0, root }, [])).toBe(false);
  });

  test("never go back, and refuse numbers that are none", () => {
    const root = hasher.leaf(Uint8Array.of(1));
    const sizes: [number | bigint, number | bigint][] = [
      [2, 1],
      [-1, 1],
      [0.5, 1],
      [1, 2 ** 53],
      [1, 2n ** 63n],
      [Number.NaN, Number.NaN],
    ];
    for (const [first, second] of sizes) {
      expect([first, verifyConsistency({ size: first, root }, { size: second, root }, [])]).toEqual([first, false]);
    }
    expect(() => createConsistencyProof(naiveReader([]), 2, 1)).toThrow("SIZES_NOT_ORDERED");
  });
});

describe("mutated consistency proofs", () => {
  const cases = fc.record({ a: fc.integer({ min: 1, max: 150 }), b: fc.integer({ min: 1, max: 150 }), pick: fc.nat() });

  test("fail, whatever is changed", async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ a, b, pick }) => {
        const [from, to] = a < b ? [a, b] : [b, a];
        const leaves = testLeaves(to);
        const first = headOf(leaves, from);
        const second = headOf(leaves, to);
        const proof = await createConsistencyProof(naiveReader(leaves), from, to);
        const flip = (hash: Uint8Array) => hash.with(pick % 32, (hash[pick % 32] ?? 0) ^ (1 << (pick % 8)));
        expect(verifyConsistency(first, second, proof)).toBe(true);
        expect(verifyConsistency({ ...first, root: flip(first.root) }, second, proof)).toBe(false);
        expect(verifyConsistency(first, { ...second, root: flip(second.root) }, proof)).toBe(false);
        for (const [i, hash] of proof.entries()) {
          expect(verifyConsistency(first, second, proof.with(i, flip(hash)))).toBe(false);
          expect(verifyConsistency(first, second, proof.with(i, hash.slice(1)))).toBe(false);
          expect(verifyConsistency(first, second, proof.toSpliced(i, 1))).toBe(false);
        }
        for (let i = 0; i <= proof.length; i++) {
          expect(verifyConsistency(first, second, proof.toSpliced(i, 0, leaves[pick % to] ?? first.root))).toBe(false);
        }
        if (from !== to) expect(verifyConsistency({ ...first, size: to }, second, proof)).toBe(false);
        const otherFirst = 1 + (pick % to);
        if (otherFirst !== from) {
          const claimed = { size: otherFirst, root: naiveRoot(leaves.slice(0, otherFirst)) };
          const own = await createConsistencyProof(naiveReader(leaves), otherFirst, to);
          expect(verifyConsistency(claimed, second, proof)).toBe(sameProof(own, proof));
        }
      }),
      { numRuns: 150 },
    );
  });

  test("between forks do not exist", async () => {
    const leaves = testLeaves(20);
    const forked = leaves.with(3, hasher.leaf(Uint8Array.of(99)));
    const proof = await createConsistencyProof(naiveReader(forked), 9, 20);
    expect(verifyConsistency(headOf(leaves, 9), headOf(forked, 20), proof)).toBe(false);
    expect(await readRoot(naiveReader(forked), 20)).toEqual(naiveRoot(forked));
    expect(await readRoot(naiveReader([]), 0)).toEqual(hasher.emptyRoot);
  });
});

function sameProof(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return a.length === b.length && a.every((hash, i) => Buffer.from(hash).equals(b[i] ?? new Uint8Array(0)));
}
