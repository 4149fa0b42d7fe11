import type { TreeHasher } from "@koinon/merkle/tree-hasher";
import type { Queryable } from "@koinon/postgres/sql";
import type { Hex } from "@koinon/secp256k1/hex";
import { TILE_WIDTH, type Tile } from "@koinon/tlog/tile";
import { EMPTY_EDGE, type GrownTree, rootOfEdge, type TreeEdge } from "@koinon/tlog/tile-growth";
import { PoiError } from "../errors.ts";
import { byteaArray, hexOf, packBytes } from "./bytes.ts";

/** The tree as the database has it. */
export interface StoredTree {
  readonly edge: TreeEdge;
  readonly root: Uint8Array;
}

/** A leaf to insert. */
export interface NewEntry {
  readonly id: Hex;
  readonly content: Uint8Array;
  /** For a receipt, the leaf of its certificate. */
  readonly certificateIndex: bigint | null;
}

/** Throws LOG_OF_ANOTHER_ORIGIN when the database holds another log. */
export async function assertOrigin(sql: Queryable, configured: string): Promise<void> {
  const [row] = await sql.query<{ origin: string }>("SELECT origin FROM log_tree");
  if (row === undefined || row.origin === configured) return;
  throw new PoiError({ code: "LOG_OF_ANOTHER_ORIGIN", configured, stored: row.origin });
}

/** Reads the tree, making an empty one the first time; throws LOG_OF_ANOTHER_ORIGIN for a database of another log. */
export async function loadTree(sql: Queryable, origin: string, hasher: TreeHasher): Promise<StoredTree> {
  await sql.execute("INSERT INTO log_tree (origin, size, root, edge) VALUES ($1, 0, $2, '{}') ON CONFLICT DO NOTHING", [
    origin,
    rootOfEdge(EMPTY_EDGE, hasher),
  ]);
  const [row] = await sql.query<{ origin: string; size: bigint; root: Buffer; edge: Buffer[] }>(
    "SELECT origin, size, root, edge FROM log_tree",
  );
  if (row === undefined || row.origin !== origin) {
    throw new PoiError({ code: "LOG_OF_ANOTHER_ORIGIN", configured: origin, stored: row?.origin ?? "" });
  }
  return { edge: { size: row.size, tiles: row.edge }, root: row.root };
}

/** Moves the tree from one state to the next; throws TREE_MOVED when it is not where the caller thinks it is. */
export async function advanceTree(sql: Queryable, from: StoredTree, to: GrownTree): Promise<void> {
  const moved = await sql.execute(
    {
      name: "poi-advance-tree",
      text: "UPDATE log_tree SET size = $1, root = $2, edge = $3 WHERE size = $4 AND root = $5",
    },
    [to.edge.size, to.root, to.edge.tiles, from.edge.size, from.root],
  );
  if (moved !== 1) throw new PoiError({ code: "TREE_MOVED", expected: from.edge.size });
}

/** Inserts leaves from `first` on. */
export async function insertEntries(sql: Queryable, first: bigint, entries: readonly NewEntry[]): Promise<void> {
  const ids = packBytes(byteaArray(entries.map((entry) => entry.id)));
  const contents = packBytes(entries.map((entry) => entry.content));
  await sql.execute(
    {
      name: "poi-insert-entries",
      text: `INSERT INTO log_entries (leaf_index, document_id, content, certificate_index)
        SELECT $1::bigint + place - 1, substring($2::bytea FROM (32 * (place - 1) + 1)::int FOR 32),
          substring($3::bytea FROM start FOR length), certificate_index
        FROM unnest($4::int[], $5::int[], $6::bigint[]) WITH ORDINALITY AS entry (start, length, certificate_index, place)`,
    },
    [
      first,
      ids.bytes,
      contents.bytes,
      contents.starts,
      contents.lengths,
      entries.map((entry) => entry.certificateIndex),
    ],
  );
}

/** Inserts the full ones among new hash tiles; partial ones are the tree's edge. */
export async function insertFullTiles(sql: Queryable, tiles: readonly Tile[]): Promise<void> {
  const full = tiles.filter((tile) => tile.id.width === TILE_WIDTH);
  if (full.length === 0) return;
  await sql.execute(
    {
      name: "poi-insert-tiles",
      text: `INSERT INTO log_tiles (level, tile_index, content)
        SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bytea[])`,
    },
    [full.map((tile) => Number(tile.id.level)), full.map((tile) => tile.id.index), full.map((tile) => tile.content)],
  );
}

/** Leaf indexes of the documents that are in the log. */
export async function findEntries(sql: Queryable, ids: Iterable<Hex>): Promise<Map<Hex, bigint>> {
  const rows = await sql.query<{ document_id: Buffer; leaf_index: bigint }>(
    {
      name: "poi-find-entries",
      text: "SELECT document_id, leaf_index FROM log_entries WHERE document_id = ANY($1::bytea[])",
    },
    [byteaArray(ids)],
  );
  return new Map(rows.map((row) => [hexOf(row.document_id), row.leaf_index]));
}
