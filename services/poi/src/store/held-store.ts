import type { Queryable } from "@koinon/postgres/sql";
import { type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import { byteaArray, hexOf } from "./bytes.ts";

/** A verified receipt that waits for its predecessor. */
export interface HeldReceipt {
  readonly id: Hex;
  readonly session: Hex;
  readonly sequence: bigint;
  /** The event it came in. */
  readonly payload: Uint8Array;
}

/** How many receipts are held. */
export async function countHeld(sql: Queryable): Promise<number> {
  const [row] = await sql.query<{ held: number }>("SELECT count(*)::int AS held FROM held_receipts");
  return row?.held ?? 0;
}

/** Holds receipts, leaving out those that are held already; answers how many are new. */
export async function insertHeld(sql: Queryable, held: readonly HeldReceipt[], nowMs: number): Promise<number> {
  if (held.length === 0) return 0;
  return await sql.execute(
    `INSERT INTO held_receipts (receipt_id, session, sequence, payload, held_at_ms)
     SELECT receipt_id, session, sequence, payload, $5
     FROM unnest($1::bytea[], $2::bytea[], $3::numeric[], $4::bytea[]) AS held (receipt_id, session, sequence, payload)
     ON CONFLICT DO NOTHING`,
    [
      held.map((receipt) => hexToBytes(receipt.id)),
      held.map((receipt) => hexToBytes(receipt.session)),
      held.map((receipt) => receipt.sequence),
      held.map((receipt) => receipt.payload),
      nowMs,
    ],
  );
}

/** Lets go of receipts that have found their fate; answers how many were held. */
export async function deleteHeld(sql: Queryable, ids: readonly Hex[]): Promise<number> {
  if (ids.length === 0) return 0;
  return await sql.execute("DELETE FROM held_receipts WHERE receipt_id = ANY($1::bytea[])", [byteaArray(ids)]);
}

/** Events of held receipts in sessions of which one has its turn now, or had it, in session order. */
export async function findReleasable(sql: Queryable, limit: number): Promise<Uint8Array[]> {
  const rows = await sql.query<{ payload: Buffer }>(
    `SELECT held.payload FROM held_receipts held JOIN sessions s USING (session)
     WHERE EXISTS (SELECT 1 FROM held_receipts due WHERE due.session = s.session AND due.sequence <= s.sequence + 1)
     ORDER BY held.session, held.sequence LIMIT $1`,
    [limit],
  );
  return rows.map((row) => row.payload);
}

/** Receipts held since before a moment (ms since the epoch), oldest first. */
export async function findExpired(sql: Queryable, beforeMs: number, limit: number): Promise<HeldReceipt[]> {
  const rows = await sql.query<{ receipt_id: Buffer; session: Buffer; sequence: string; payload: Buffer }>(
    `SELECT receipt_id, session, sequence, payload FROM held_receipts WHERE held_at_ms < $1 ORDER BY held_at_ms LIMIT $2`,
    [beforeMs, limit],
  );
  return rows.map((row) => ({
    id: hexOf(row.receipt_id),
    session: hexOf(row.session),
    sequence: BigInt(row.sequence),
    payload: row.payload,
  }));
}
