import type { Queryable } from "@koinon/postgres/sql";
import { formatNote, parseNote, parseSignatureLine } from "@koinon/tlog/note";

/** A published checkpoint with the cosignatures collected so far. */
export interface PublishedCheckpoint {
  readonly size: bigint;
  readonly root: Uint8Array;
  /** The signed note: the log's line, then the witnesses'. */
  readonly note: string;
  readonly signedAtMs: number;
  /** Witnesses that cosigned it. */
  readonly witnesses: number;
}

/** A checkpoint as the log signs it. */
export type NewCheckpoint = Omit<PublishedCheckpoint, "witnesses">;

/** A witness's line on a checkpoint. */
export interface Cosignature {
  readonly size: bigint;
  readonly vkey: string;
  readonly line: string;
  /** Seconds since the epoch. */
  readonly timestamp: bigint;
}

interface CheckpointRow {
  size: bigint;
  root: Buffer;
  note: string;
  signed_at_ms: bigint;
  witnesses: number;
  lines: string[];
}

const columns = `size, root, note, signed_at_ms, witnesses,
  ARRAY(SELECT line FROM cosignatures c WHERE c.size = checkpoints.size ORDER BY vkey) AS lines`;

/** Publishes a checkpoint and tells every reader; throws UNIQUE_VIOLATION when one of its size is published. */
export async function insertCheckpoint(sql: Queryable, checkpoint: NewCheckpoint, channel: string): Promise<void> {
  await sql.execute("INSERT INTO checkpoints (size, root, note, signed_at_ms) VALUES ($1, $2, $3, $4)", [
    checkpoint.size,
    checkpoint.root,
    checkpoint.note,
    checkpoint.signedAtMs,
  ]);
  await sql.query("SELECT pg_notify($1, '')", [channel]);
}

/** The newest checkpoint. */
export async function newestCheckpoint(sql: Queryable): Promise<PublishedCheckpoint | undefined> {
  const rows = await sql.query<CheckpointRow>(`SELECT ${columns} FROM checkpoints ORDER BY size DESC LIMIT 1`);
  return rows.map(checkpointFromRow)[0];
}

/** The newest checkpoint that at least so many witnesses cosigned, if it is larger than a leaf index. */
export async function newestCosigned(
  sql: Queryable,
  above: bigint,
  witnesses: number,
): Promise<PublishedCheckpoint | undefined> {
  const rows = await sql.query<CheckpointRow>(
    `SELECT ${columns} FROM checkpoints WHERE witnesses >= $1 AND size > $2 ORDER BY size DESC LIMIT 1`,
    [witnesses, above],
  );
  return rows.map(checkpointFromRow)[0];
}

/** The checkpoint of exactly this size. */
export async function checkpointOfSize(sql: Queryable, size: bigint): Promise<PublishedCheckpoint | undefined> {
  const rows = await sql.query<CheckpointRow>(`SELECT ${columns} FROM checkpoints WHERE size = $1`, [size]);
  return rows.map(checkpointFromRow)[0];
}

/** Adds cosignatures to a published checkpoint, a witness's later one replacing its earlier one, and tells every reader. */
export async function insertCosignatures(
  sql: Queryable,
  cosignatures: readonly Cosignature[],
  channel: string,
): Promise<void> {
  for (const { size, vkey, line, timestamp } of cosignatures) {
    await sql.execute(
      `INSERT INTO cosignatures (size, vkey, line, cosigned_at_s) VALUES ($1, $2, $3, $4)
       ON CONFLICT (size, vkey) DO UPDATE SET line = excluded.line, cosigned_at_s = excluded.cosigned_at_s
       WHERE cosignatures.cosigned_at_s < excluded.cosigned_at_s`,
      [size, vkey, line, timestamp],
    );
    await sql.execute(
      "UPDATE checkpoints SET witnesses = (SELECT count(*) FROM cosignatures WHERE size = $1) WHERE size = $1",
      [size],
    );
  }
  await sql.query("SELECT pg_notify($1, '')", [channel]);
}

/** Forgets all but the newest checkpoints that nobody cosigned and that are not anchored; answers how many. */
export async function pruneCheckpoints(sql: Queryable, keep: number): Promise<number> {
  return await sql.execute(
    `DELETE FROM checkpoints WHERE witnesses = 0
     AND NOT EXISTS (SELECT FROM anchors WHERE anchors.size = checkpoints.size)
     AND NOT EXISTS (SELECT FROM anchor_submissions under_way WHERE under_way.size = checkpoints.size)
     AND size < (SELECT size FROM checkpoints ORDER BY size DESC OFFSET $1 LIMIT 1)`,
    [keep],
  );
}

function checkpointFromRow(row: CheckpointRow): PublishedCheckpoint {
  const { text, signatures } = parseNote(row.note);
  const lines = row.lines.map((line) => parseSignatureLine(line.trimEnd()));
  return {
    size: row.size,
    root: row.root,
    note: formatNote({ text, signatures: [...signatures, ...lines] }),
    signedAtMs: Number(row.signed_at_ms),
    witnesses: row.witnesses,
  };
}
