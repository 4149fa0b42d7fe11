import { HASH_BYTES } from "@koinon/merkle/tree-hasher";
import type { Queryable } from "@koinon/postgres/sql";
import { encodeEntryBundle } from "@koinon/tlog/entry-bundle";
import { hashesAtLevel, TILE_WIDTH, type TileId } from "@koinon/tlog/tile";
import { formatTilePath } from "@koinon/tlog/tile-path";
import type { TileSource } from "@koinon/tlog/tile-reader";
import { PoiError } from "../errors.ts";

/** A receipt's leaf, and those that a proof bundle wants with it. */
export interface LoggedReceipt {
  readonly index: bigint;
  readonly content: Uint8Array;
  /** Leaf of the certificate it came with, and its bytes. */
  readonly certificateContent: Uint8Array;
}

interface TileRow {
  place: bigint;
  content: Buffer | null;
  edge: Buffer | null;
  size: bigint;
}

/** Hash tiles from the database, full ones and any width of partial ones that the tree has had; throws TILE_NOT_FOUND. */
export function createTileSource(sql: Queryable): TileSource {
  return {
    async readTiles(ids) {
      const levels = ids.map((id) => (id.level === "entries" ? -1 : id.level));
      const rows = await sql.query<TileRow>(
        {
          name: "poi-read-tiles",
          // One statement, so that full tiles and the edge are of one moment.
          text: `SELECT place, content, CASE WHEN content IS NULL THEN edge[wanted.level + 1] END AS edge, size
            FROM unnest($1::smallint[], $2::bigint[]) WITH ORDINALITY AS wanted (level, tile_index, place)
            CROSS JOIN log_tree LEFT JOIN log_tiles tile USING (level, tile_index) ORDER BY place`,
        },
        [levels, ids.map((id) => id.index)],
      );
      return ids.map((id, i) => tileFromRow(id, rows[i]));
    },
  };
}

/** The bytes of an entry bundle; throws TILE_NOT_FOUND when the tree is smaller. */
export async function readEntryBundle(sql: Queryable, id: TileId): Promise<Uint8Array> {
  const first = id.index * BigInt(TILE_WIDTH);
  const rows = await sql.query<{ content: Buffer }>(
    {
      name: "poi-read-bundle",
      text: "SELECT content FROM log_entries WHERE leaf_index >= $1 AND leaf_index < $2 ORDER BY leaf_index",
    },
    [first, first + BigInt(id.width)],
  );
  if (rows.length !== id.width) throw new PoiError({ code: "TILE_NOT_FOUND", path: formatTilePath(id) });
  return encodeEntryBundle(rows.map((row) => row.content));
}

/** A receipt in the log, by its id; undefined when it is not there, or when the id is that of another document. */
export async function findReceipt(sql: Queryable, id: Uint8Array): Promise<LoggedReceipt | undefined> {
  const [row] = await sql.query<{ leaf_index: bigint; content: Buffer; certificate: Buffer }>(
    {
      name: "poi-find-receipt",
      text: `SELECT receipt.leaf_index, receipt.content, certificate.content AS certificate
        FROM log_entries receipt JOIN log_entries certificate ON certificate.leaf_index = receipt.certificate_index
        WHERE receipt.document_id = $1`,
    },
    [id],
  );
  return row && { index: row.leaf_index, content: row.content, certificateContent: row.certificate };
}

function tileFromRow(id: TileId, row: TileRow | undefined): Uint8Array {
  const length = id.width * HASH_BYTES;
  if (row?.content != null) return row.content.subarray(0, length);
  const notFound = () => new PoiError({ code: "TILE_NOT_FOUND", path: formatTilePath(id) });
  if (row?.edge == null || id.level === "entries") throw notFound();
  const isEdge = hashesAtLevel(row.size, id.level) / BigInt(TILE_WIDTH) === id.index;
  if (!isEdge || row.edge.length < length) throw notFound();
  return row.edge.subarray(0, length);
}
