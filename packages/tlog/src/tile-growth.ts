import { foldSubtrees } from "@koinon/merkle/compact-range";
import { MerkleError } from "@koinon/merkle/merkle-error";
import { HASH_BYTES, isHash, portableTreeHasher, type TreeHasher } from "@koinon/merkle/tree-hasher";
import { treeSizeOf } from "@koinon/merkle/tree-position";
import { hashesAtLevel, rootInTile, TILE_WIDTH, type Tile, tileLevels } from "./tile.ts";
import { TlogError } from "./tlog-error.ts";

/** What appending to a tiled tree needs: its size and the partial tile at its right edge of each level, empty where none is. */
export interface TreeEdge {
  readonly size: bigint;
  /** By tile level from 0; each a multiple of 32 bytes, below 8192. */
  readonly tiles: readonly Uint8Array[];
}

/** A tree after growth: the new hash tiles, full and partial, and the new edge and root. */
export interface GrownTree {
  readonly edge: TreeEdge;
  readonly root: Uint8Array;
  readonly tiles: readonly Tile[];
}

/** The edge of the empty tree. */
export const EMPTY_EDGE: TreeEdge = { size: 0n, tiles: [] };

/** Appends leaf hashes: what must be written, and where the tree stands then. The given edge is not changed. */
export function growTree(
  edge: TreeEdge,
  leafHashes: readonly Uint8Array[],
  hasher: TreeHasher = portableTreeHasher,
): GrownTree {
  assertEdge(edge);
  const size = treeSizeOf(edge.size + BigInt(leafHashes.length));
  const rows = edge.tiles.map((content, level) => openRow(edge.size, level, content));
  const tiles: Tile[] = [];
  const push = (level: number, hash: Uint8Array): void => {
    if (!isHash(hash)) throw new MerkleError({ code: "HASH_LENGTH_INVALID", length: hash.length });
    rows[level] ??= openRow(edge.size, level, new Uint8Array(0));
    const row = rows[level];
    row.content.set(hash, row.width * HASH_BYTES);
    row.width++;
    row.changed = true;
    if (row.width < TILE_WIDTH) return;
    const full = row.content.slice();
    tiles.push({ id: { level, index: row.index, width: TILE_WIDTH }, content: full });
    row.index++;
    row.width = 0;
    row.changed = false;
    push(level + 1, rootInTile(full, 0, TILE_WIDTH, hasher));
  };
  for (const hash of leafHashes) push(0, hash);
  const contents = rows.map((row) => row.content.slice(0, row.width * HASH_BYTES));
  for (const [level, row] of rows.entries()) {
    const content = contents[level];
    if (!row.changed || content === undefined) continue;
    tiles.push({ id: { level, index: row.index, width: row.width }, content });
  }
  const grown = { size, tiles: contents };
  return { edge: grown, root: rootOfEdge(grown, hasher), tiles };
}

/** The root of the tree with this edge. */
export function rootOfEdge(edge: TreeEdge, hasher: TreeHasher = portableTreeHasher): Uint8Array {
  assertEdge(edge);
  const subtrees: Uint8Array[] = [];
  for (const content of edge.tiles.toReversed()) {
    const width = content.length / HASH_BYTES;
    let at = 0;
    for (let count = TILE_WIDTH / 2; count >= 1; count /= 2) {
      if ((width & count) === 0) continue;
      subtrees.push(rootInTile(content, at, count, hasher));
      at += count;
    }
  }
  return foldSubtrees(subtrees, hasher);
}

/** Throws TREE_EDGE_INVALID unless there is one tile per level and each has the width that the size demands. */
function assertEdge({ size, tiles }: TreeEdge): void {
  if (tiles.length !== tileLevels(treeSizeOf(size))) {
    throw new TlogError({ code: "TREE_EDGE_INVALID", size, reason: `${tiles.length} levels` });
  }
  for (const [level, content] of tiles.entries()) {
    const width = Number(hashesAtLevel(size, level) % BigInt(TILE_WIDTH));
    if (content.length !== width * HASH_BYTES) {
      throw new TlogError({ code: "TREE_EDGE_INVALID", size, reason: `${content.length} bytes at level ${level}` });
    }
  }
}

interface Row {
  readonly content: Uint8Array;
  index: bigint;
  width: number;
  changed: boolean;
}

function openRow(size: bigint, level: number, edge: Uint8Array): Row {
  const content = new Uint8Array(TILE_WIDTH * HASH_BYTES);
  content.set(edge);
  const index = hashesAtLevel(size, level) / BigInt(TILE_WIDTH);
  return { content, index, width: edge.length / HASH_BYTES, changed: false };
}
