import { describe, expect, test } from "@jest/globals";
import { rootOfLeafHashes } from "@koinon/merkle/compact-range";
import { portableTreeHasher as hasher } from "@koinon/merkle/tree-hasher";
import fc from "fast-check";
import { TestLog, testLeaf } from "../test/test-log.ts";
import { hashInTile, rootInTile, tilesOfGrowth } from "./tile.ts";
import { EMPTY_EDGE, growTree, rootOfEdge } from "./tile-growth.ts";
import { formatTilePath } from "./tile-path.ts";

describe("tiles of growth", () => {
  test("from nothing to 70,000 are those of the specification", () => {
    const ids = tilesOfGrowth(0n, 70_000n);
    const count = (level: number | "entries", full: boolean) =>
      ids.filter((id) => id.level === level && (id.width === 256) === full).length;
    expect([count(0, true), count(0, false), count(1, true), count(1, false), count(2, true), count(2, false)]).toEqual(
      [273, 1, 1, 1, 0, 1],
    );
    expect([count("entries", true), count("entries", false)]).toEqual([273, 1]);
    expect(ids.filter((id) => id.width < 256).map((id) => [id.level, id.width])).toEqual([
      [0, 112],
      [1, 17],
      [2, 1],
      ["entries", 112],
    ]);
    expect(tilesOfGrowth(0n, 256n).map(formatTilePath)).toEqual(["tile/0/000", "tile/1/000.p/1", "tile/entries/000"]);
  });

  test("leave out what stays as it is", () => {
    expect(tilesOfGrowth(5n, 5n)).toEqual([]);
    expect(tilesOfGrowth(0n, 0n)).toEqual([]);
    expect(tilesOfGrowth(256n, 257n).map(formatTilePath)).toEqual(["tile/0/001.p/1", "tile/entries/001.p/1"]);
    expect(tilesOfGrowth(511n, 512n).map(formatTilePath)).toEqual(["tile/0/001", "tile/1/000.p/2", "tile/entries/001"]);
  });
});

describe("growing a tree", () => {
  test("in any steps gives the tree's root, exactly the tiles of growth, and the same edge", () => {
    const steps = fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 6 });
    fc.assert(
      fc.property(steps, (sizes) => {
        const log = new TestLog();
        for (const step of sizes) {
          const from = log.size;
          const written = log.grow(step);
          const expected = tilesOfGrowth(from, log.size).filter((id) => id.level !== "entries");
          expect(written.map(({ id }) => formatTilePath(id)).sort()).toEqual(expected.map(formatTilePath).sort());
          for (const { id, content } of written) expect(content.length).toBe(32 * id.width);
        }
        expect(log.root).toEqual(rootOfLeafHashes(log.leaves));
        expect(log.edge).toEqual(growTree(EMPTY_EDGE, log.leaves).edge);
      }),
      { numRuns: 40 },
    );
  });

  test("past 65,536 leaves fills the second level", () => {
    const log = new TestLog(65_530);
    const written = log.grow(10);
    expect(written.map(({ id }) => formatTilePath(id)).sort()).toEqual([
      "tile/0/255",
      "tile/0/256.p/4",
      "tile/1/000",
      "tile/2/000.p/1",
    ]);
    expect(log.root).toEqual(rootOfLeafHashes(log.leaves));
    const top = log.tiles.get("tile/2/000.p/1") ?? new Uint8Array(0);
    expect(hashInTile(top, 0)).toEqual(rootInTile(log.tiles.get("tile/1/000") ?? top, 0, 256, hasher));
  });

  test("leaves the edge it was given as it was", () => {
    const { edge } = new TestLog(300);
    const before = structuredClone(edge);
    growTree(edge, [testLeaf(300), testLeaf(301)]);
    expect(edge).toEqual(before);
    expect(growTree(edge, []).tiles).toEqual([]);
  });

  test("refuses an edge that does not fit its size", () => {
    const { edge } = new TestLog(300);
    expect(() => rootOfEdge({ ...edge, size: 301n })).toThrow("TREE_EDGE_INVALID");
    expect(() => rootOfEdge({ ...edge, tiles: edge.tiles.slice(1) })).toThrow("TREE_EDGE_INVALID");
    expect(() => growTree({ ...edge, tiles: [...edge.tiles, new Uint8Array(0)] }, [])).toThrow("TREE_EDGE_INVALID");
    expect(() => growTree(edge, [new Uint8Array(31)])).toThrow("HASH_LENGTH_INVALID");
    expect(rootOfEdge(EMPTY_EDGE)).toEqual(hasher.emptyRoot);
  });
});
