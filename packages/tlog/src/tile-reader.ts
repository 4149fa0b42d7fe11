import type { HashReader } from "@koinon/merkle/hash-reader";
import { HASH_BYTES, portableTreeHasher, type TreeHasher } from "@koinon/merkle/tree-hasher";
import type { TreePosition } from "@koinon/merkle/tree-position";
import { rootInTile, TILE_HEIGHT, TILE_WIDTH, type TileId, widthInTree } from "./tile.ts";
import { formatTilePath } from "./tile-path.ts";
import { TlogError } from "./tlog-error.ts";

/** Where tiles come from: a database, a folder, HTTP. */
export interface TileSource {
  /** Answers the bytes of each tile, in order; rejects when one is not there. */
  readTiles(ids: readonly TileId[]): Promise<readonly Uint8Array[]>;
}

/**
 * Reads the hashes of complete subtrees of a tree of that size from its tiles, each tile once per call. It checks lengths
 * alone; put a verified source behind it when the tiles come from somebody else.
 */
export function createTileHashReader(
  source: TileSource,
  treeSize: bigint,
  hasher: TreeHasher = portableTreeHasher,
): HashReader {
  return {
    async readHashes(positions) {
      const places = positions.map((position) => placeOf(position, treeSize));
      const ids = new Map(places.map(({ tile }) => [formatTilePath(tile), tile]));
      const contents = await readWhole(source, [...ids.values()]);
      const byPath = new Map([...ids.keys()].map((path, i) => [path, contents[i]]));
      return places.map(({ tile, from, count }) => {
        const content = byPath.get(formatTilePath(tile)) ?? new Uint8Array(0);
        return rootInTile(content, from, count, hasher);
      });
    },
  };
}

/** Reads hash tiles and checks their lengths; throws TILE_MALFORMED. */
export async function readWhole(source: TileSource, ids: readonly TileId[]): Promise<readonly Uint8Array[]> {
  const contents = ids.length === 0 ? [] : await source.readTiles(ids);
  for (const [i, id] of ids.entries()) {
    const length = contents[i]?.length;
    if (length === id.width * HASH_BYTES) continue;
    throw new TlogError({ code: "TILE_MALFORMED", path: formatTilePath(id), reason: `${length ?? 0} bytes` });
  }
  return contents;
}

/** Where in the tiles the hash of a complete subtree is found: the root over `count` hashes of `tile` from `from`. */
function placeOf(position: TreePosition, treeSize: bigint): { tile: TileId; from: number; count: number } {
  const { level, index } = position;
  if (level < 0 || index < 0n || (index + 1n) << BigInt(level) > treeSize) {
    throw new TlogError({ code: "HASH_NOT_IN_TREE", level, index, treeSize });
  }
  const tileLevel = Math.floor(level / TILE_HEIGHT);
  const height = level % TILE_HEIGHT;
  const first = index << BigInt(height);
  const tileIndex = first / BigInt(TILE_WIDTH);
  return {
    tile: { level: tileLevel, index: tileIndex, width: widthInTree(treeSize, tileLevel, tileIndex) },
    from: Number(first % BigInt(TILE_WIDTH)),
    count: 2 ** height,
  };
}
