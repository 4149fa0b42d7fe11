import { describe, expect, test } from "@jest/globals";
import { naiveReader, naiveRoot, testLeaves } from "../test/naive-tree.ts";
import { entries, roots } from "../test/vectors.ts";
import { CompactRange, rootOfEntries, rootOfLeafHashes } from "./compact-range.ts";
import { MerkleError } from "./merkle-error.ts";
import { completeSubtrees, TREE_SIZE_MAX, type TreePosition } from "./tree-position.ts";

describe("compact range", () => {
  test("gives the published root of every prefix of the eight entries", () => {
    for (const [size, root] of roots.entries()) expect(rootOfEntries(entries.slice(0, size))).toEqual(root);
  });

  test("gives the root of the definition at every size up to 130, through save and restore", () => {
    const leaves = testLeaves(130);
    let range = CompactRange.empty();
    for (const [i, leaf] of leaves.entries()) {
      range = CompactRange.fromHashes(range.size, range.hashes);
      range.append(leaf);
      expect([i, range.root()]).toEqual([i, naiveRoot(leaves.slice(0, i + 1))]);
    }
    expect(rootOfLeafHashes(leaves)).toEqual(range.root());
  });

  test("tells the visitor every complete subtree exactly once, with its hash", async () => {
    const leaves = testLeaves(21);
    const seen = new Map<string, [TreePosition, Uint8Array]>();
    const range = CompactRange.empty();
    for (const leaf of leaves) {
      range.append(leaf, (position, hash) => {
        const name = `${position.level}/${position.index}`;
        expect(seen.has(name)).toBe(false);
        seen.set(name, [position, hash]);
      });
    }
    expect(seen.size).toBe(21 + 10 + 5 + 2 + 1);
    const reader = naiveReader(leaves);
    for (const [position, hash] of seen.values()) expect(await reader.readHashes([position])).toEqual([hash]);
  });

  test("holds exactly the complete subtrees its leaves fall into", async () => {
    const leaves = testLeaves(45);
    const range = CompactRange.empty();
    for (const leaf of leaves) range.append(leaf);
    expect(range.hashes).toEqual(await naiveReader(leaves).readHashes(completeSubtrees(0n, 45n)));
  });

  test("refuses sizes that do not fit the hashes, wrong lengths and a full tree", () => {
    const hash = new Uint8Array(32);
    expect(() => CompactRange.fromHashes(3, [hash])).toThrow(MerkleError);
    expect(() => CompactRange.fromHashes(0, [hash])).toThrow(MerkleError);
    expect(() => CompactRange.fromHashes(1, [new Uint8Array(31)])).toThrow("HASH_LENGTH_INVALID");
    expect(() => CompactRange.fromHashes(-1, [])).toThrow("TREE_SIZE_INVALID");
    expect(() => CompactRange.fromHashes(1.5, [])).toThrow("TREE_SIZE_INVALID");
    expect(() => CompactRange.empty().append(new Uint8Array(33))).toThrow("HASH_LENGTH_INVALID");
    const full = CompactRange.fromHashes(TREE_SIZE_MAX, Array<Uint8Array>(63).fill(hash));
    expect(() => full.append(hash)).toThrow("TREE_SIZE_INVALID");
  });
});
