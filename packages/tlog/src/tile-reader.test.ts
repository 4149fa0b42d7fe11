import { describe, expect, test } from "@jest/globals";
import { CompactRange } from "@koinon/merkle/compact-range";
import { createConsistencyProof, verifyConsistency } from "@koinon/merkle/consistency";
import { readRoot } from "@koinon/merkle/hash-reader";
import { createInclusionProof, verifyInclusion } from "@koinon/merkle/inclusion";
import fc from "fast-check";
import { TestLog, testLeaf } from "../test/test-log.ts";
import { createTileHashReader } from "./tile-reader.ts";
import { createVerifiedTileSource } from "./tile-verifier.ts";

const log = new TestLog(100, 400, 1, 65_500, 2_000);
const { size, root, source } = log;
const half = new TestLog(100, 400, 1);

describe("reading hashes from tiles", () => {
  const reader = createTileHashReader(source, size);

  test("gives every complete subtree of a tree over several tiles", async () => {
    const small = new TestLog(700);
    const smallReader = createTileHashReader(small.source, 700n);
    const all: { level: number; index: bigint; hash: Uint8Array }[] = [];
    const range = CompactRange.empty();
    for (const leaf of small.leaves) range.append(leaf, (position, hash) => all.push({ ...position, hash }));
    expect(await smallReader.readHashes(all)).toEqual(all.map(({ hash }) => hash));
    await expect(smallReader.readHashes([{ level: 9, index: 1n }])).rejects.toThrow("HASH_NOT_IN_TREE");
    await expect(smallReader.readHashes([{ level: 0, index: 700n }])).rejects.toThrow("HASH_NOT_IN_TREE");
    await expect(smallReader.readHashes([{ level: 0, index: -1n }])).rejects.toThrow("HASH_NOT_IN_TREE");
  });

  test("gives proofs that verify, and the root", async () => {
    expect(await readRoot(reader, size)).toEqual(root);
    for (const index of [0n, 255n, 256n, 65_535n, 65_536n, size - 1n]) {
      const hashes = await createInclusionProof(reader, index, size);
      const claim = { index, treeSize: size, leafHash: testLeaf(Number(index)), hashes };
      expect([index, verifyInclusion(claim, root)]).toEqual([index, true]);
    }
    const proof = await createConsistencyProof(reader, half.size, size);
    expect(verifyConsistency({ size: half.size, root: half.root }, { size, root }, proof)).toBe(true);
  });

  test("reads each tile once for a proof", async () => {
    const asked: number[] = [];
    const counting = {
      readTiles: async (ids: Parameters<typeof source.readTiles>[0]) => {
        asked.push(ids.length);
        return source.readTiles(ids);
      },
    };
    await createInclusionProof(createTileHashReader(counting, size), 0n, size);
    expect(asked).toEqual([3 + 1]);
  });

  test("refuses tiles of another length", async () => {
    const cut = { readTiles: async () => [new Uint8Array(31)] };
    await expect(createTileHashReader(cut, 1n).readHashes([{ level: 0, index: 0n }])).rejects.toThrow("TILE_MALFORMED");
    const none = { readTiles: async () => [] };
    await expect(createTileHashReader(none, 1n).readHashes([{ level: 0, index: 0n }])).rejects.toThrow(
      "TILE_MALFORMED",
    );
  });
});

describe("verified tiles", () => {
  test("are answered when they are the log's", async () => {
    const verified = createTileHashReader(createVerifiedTileSource(source, { size, root }), size);
    expect(await readRoot(verified, size)).toEqual(root);
    expect(await verified.readHashes([{ level: 0, index: 300n }])).toEqual([testLeaf(300)]);
  });

  test("with any byte changed are refused", async () => {
    const small = new TestLog(700);
    const paths = [...small.tiles.keys()].filter((path) =>
      /^tile\/(0\/00[01]|0\/002\.p\/188|1\/000\.p\/2)$/.test(path),
    );
    expect(paths).toHaveLength(4);
    const changes = fc.record({
      path: fc.constantFrom(...paths),
      at: fc.nat(),
      flip: fc.integer({ min: 1, max: 255 }),
    });
    await fc.assert(
      fc.asyncProperty(changes, async ({ path, at, flip }) => {
        const broken = new TestLog();
        for (const [name, tile] of small.tiles) broken.tiles.set(name, tile);
        const content = small.tiles.get(path) ?? new Uint8Array(1);
        const place = at % content.length;
        broken.tiles.set(path, content.with(place, (content[place] ?? 0) ^ flip));
        const verified = createVerifiedTileSource(broken.source, { size: 700n, root: small.root });
        const reader = createTileHashReader(verified, 700n);
        const everyTile = [0n, 256n, 512n].map((index) => ({ level: 0, index }));
        await expect(reader.readHashes(everyTile)).rejects.toThrow("TILE_NOT_AUTHENTIC");
      }),
      { numRuns: 400 },
    );
  });

  test("of another tree, or no hash tiles, are refused", async () => {
    const verified = createVerifiedTileSource(source, { size, root: half.root });
    await expect(verified.readTiles([{ level: 0, index: 0n, width: 256 }])).rejects.toThrow("TILE_NOT_AUTHENTIC");
    const own = createVerifiedTileSource(source, { size, root });
    await expect(own.readTiles([{ level: "entries", index: 0n, width: 256 }])).rejects.toThrow("TILE_NOT_AUTHENTIC");
    await expect(own.readTiles([{ level: 0, index: 0n, width: 100 }])).rejects.toThrow("TILE_NOT_AUTHENTIC");
    await expect(own.readTiles([{ level: 7, index: 0n, width: 256 }])).rejects.toThrow("TILE_NOT_AUTHENTIC");
  });

  test("can be read again after the source failed once", async () => {
    let isDown = true;
    const flaky = {
      readTiles: async (ids: Parameters<typeof source.readTiles>[0]) => {
        if (isDown) throw new Error("down");
        return source.readTiles(ids);
      },
    };
    const verified = createVerifiedTileSource(flaky, { size, root });
    await expect(verified.readTiles([{ level: 0, index: 0n, width: 256 }])).rejects.toThrow("down");
    isDown = false;
    expect(await verified.readTiles([{ level: 0, index: 0n, width: 256 }])).toHaveLength(1);
  });
});
