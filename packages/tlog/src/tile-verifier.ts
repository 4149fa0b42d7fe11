import { isSameHash, portableTreeHasher, type TreeHasher } from "@koinon/merkle/tree-hasher";
import { hashesAtLevel, hashInTile, rootInTile, TILE_WIDTH, type TileId, tileLevels, widthInTree } from "./tile.ts";
import { rootOfEdge } from "./tile-growth.ts";
import { formatTilePath } from "./tile-path.ts";
import { readWhole, type TileSource } from "./tile-reader.ts";
import { TlogError } from "./tlog-error.ts";

/** Verified tiles kept per source: parents of what is read next, most of the time. */
const CACHED_TILES_MAX = 256;

/**
 * Tiles of somebody else's log, each checked against the tree before it is answered: the right edge must have the root, and
 * a full tile's own root must stand in its verified parent. Only hash tiles of exactly this tree can be read; throws
 * TILE_NOT_AUTHENTIC or TILE_MALFORMED.
 */
export function createVerifiedTileSource(
  source: TileSource,
  tree: { readonly size: bigint; readonly root: Uint8Array },
  hasher: TreeHasher = portableTreeHasher,
): TileSource {
  let edge: Promise<readonly Uint8Array[]> | undefined;
  const cache = new Map<string, Uint8Array>();

  const loadEdge = async (): Promise<readonly Uint8Array[]> => {
    const ids = edgeTiles(tree.size);
    const present = ids.filter((id) => id.width > 0);
    const contents = await readWhole(source, present);
    const tiles = ids.map((id) => contents[present.indexOf(id)] ?? new Uint8Array(0));
    if (!isSameHash(rootOfEdge({ size: tree.size, tiles }, hasher), tree.root)) {
      throw new TlogError({ code: "TILE_NOT_AUTHENTIC", path: "the right edge" });
    }
    return tiles;
  };

  const readOne = async (id: TileId): Promise<Uint8Array> => {
    const path = formatTilePath(id);
    if (id.level === "entries" || widthInTree(tree.size, id.level, id.index) !== id.width) {
      throw new TlogError({ code: "TILE_NOT_AUTHENTIC", path });
    }
    edge ??= loadEdge().catch((error: unknown) => {
      edge = undefined;
      throw error;
    });
    const edgeContents = await edge;
    if (id.width < TILE_WIDTH) return edgeContents[id.level] ?? new Uint8Array(0);
    const cached = cache.get(path);
    if (cached !== undefined) return cached;
    const parentIndex = id.index / BigInt(TILE_WIDTH);
    const parentLevel = id.level + 1;
    const width = widthInTree(tree.size, parentLevel, parentIndex);
    const parent = await readOne({ level: parentLevel, index: parentIndex, width });
    const [content] = await readWhole(source, [id]);
    const expected = hashInTile(parent, Number(id.index % BigInt(TILE_WIDTH)));
    if (content === undefined || !isSameHash(rootInTile(content, 0, TILE_WIDTH, hasher), expected)) {
      throw new TlogError({ code: "TILE_NOT_AUTHENTIC", path });
    }
    const [oldest] = cache.keys();
    if (cache.size >= CACHED_TILES_MAX && oldest !== undefined) cache.delete(oldest);
    cache.set(path, content);
    return content;
  };

  return { readTiles: (ids) => Promise.all(ids.map(readOne)) };
}

/** The right-edge tile of each level, with width 0 where the level ends in a full tile. */
function edgeTiles(treeSize: bigint): TileId[] {
  return Array.from({ length: tileLevels(treeSize) }, (_, level) => {
    const hashes = hashesAtLevel(treeSize, level);
    return { level, index: hashes / BigInt(TILE_WIDTH), width: Number(hashes % BigInt(TILE_WIDTH)) };
  });
}
