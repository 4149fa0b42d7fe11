import { HASH_BYTES, type TreeHasher } from "@koinon/merkle/tree-hasher";

/** Hashes in a full tile, and entries in a full bundle (C2SP tlog-tiles). */
export const TILE_WIDTH = 256;
/** Tree levels in a tile: 2^8 = 256. */
export const TILE_HEIGHT = 8;

/** One resource of a tiled log: a tile of hashes at a level, or a bundle of entries. */
export interface TileId {
  readonly level: number | "entries";
  readonly index: bigint;
  /** 256 when full, 1 to 255 when partial. */
  readonly width: number;
}

/** A tile with its bytes. */
export interface Tile {
  readonly id: TileId;
  readonly content: Uint8Array;
}

/** How many hashes a tree of that size has at a tile level. */
export function hashesAtLevel(treeSize: bigint, level: number): bigint {
  return treeSize >> BigInt(TILE_HEIGHT * level);
}

/** Width of the tile at a level and index in a tree of that size; 0 when the tree has no such tile. */
export function widthInTree(treeSize: bigint, level: TileId["level"], index: bigint): number {
  const hashes = hashesAtLevel(treeSize, level === "entries" ? 0 : level) - index * BigInt(TILE_WIDTH);
  if (hashes <= 0n) return 0;
  return hashes >= BigInt(TILE_WIDTH) ? TILE_WIDTH : Number(hashes);
}

/** How many tile levels a tree of that size has. */
export function tileLevels(treeSize: bigint): number {
  let levels = 0;
  while (hashesAtLevel(treeSize, levels) > 0n) levels++;
  return levels;
}

/**
 * The tiles that a tree of size `to` has and a tree of size `from` has not: what growing must write. Hash tiles by level,
 * then entry bundles.
 */
export function tilesOfGrowth(from: bigint, to: bigint): TileId[] {
  const levels: TileId["level"][] = [...Array(tileLevels(to)).keys(), "entries"];
  return levels.flatMap((level) => {
    const ids: TileId[] = [];
    const height = level === "entries" ? 0 : level;
    const first = hashesAtLevel(from, height) / BigInt(TILE_WIDTH);
    for (let index = first; ; index++) {
      const width = widthInTree(to, level, index);
      if (width === 0) return ids;
      if (width !== widthInTree(from, level, index)) ids.push({ level, index, width });
    }
  });
}

/** Hash number `at` of a tile. */
export function hashInTile(content: Uint8Array, at: number): Uint8Array {
  return content.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES);
}

/** The root over 2^n adjacent hashes of a tile. */
export function rootInTile(content: Uint8Array, from: number, count: number, hasher: TreeHasher): Uint8Array {
  let row = Array.from({ length: count }, (_, i) => hashInTile(content, from + i));
  while (row.length > 1) {
    const next: Uint8Array[] = [];
    for (let i = 0; i + 1 < row.length; i += 2) {
      next.push(hasher.node(row[i] ?? hasher.emptyRoot, row[i + 1] ?? hasher.emptyRoot));
    }
    row = next;
  }
  return row[0] ?? hasher.emptyRoot;
}
