import type { Queryable } from "@koinon/postgres/sql";
import { type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import type { Refusal } from "../settled/refusal.ts";
import { byteaArray } from "./bytes.ts";

/** Keeps what does not belong in the log with the reason; the same receipt again counts up. Ids must differ within one call. */
export async function insertRefusals(sql: Queryable, refusals: readonly Refusal[], nowMs: number): Promise<void> {
  if (refusals.length === 0) return;
  await sql.execute(
    `INSERT INTO refused_receipts AS known (id, reason, detail, payload, first_at_ms, last_at_ms)
     SELECT id, reason, detail, payload, $5, $5
     FROM unnest($1::bytea[], $2::text[], $3::text[], $4::bytea[]) AS refused (id, reason, detail, payload)
     ON CONFLICT (id) DO UPDATE SET reason = excluded.reason, detail = excluded.detail, payload = excluded.payload,
       times = known.times + 1, last_at_ms = excluded.last_at_ms`,
    [
      refusals.map((refusal) => hexToBytes(refusal.id)),
      refusals.map((refusal) => refusal.reason),
      refusals.map((refusal) => refusal.detail),
      refusals.map((refusal) => refusal.payload),
      nowMs,
    ],
  );
}

/** How many refusals are kept. */
export async function countRefusals(sql: Queryable): Promise<number> {
  const [row] = await sql.query<{ refused: number }>("SELECT count(*)::int AS refused FROM refused_receipts");
  return row?.refused ?? 0;
}

/** Forgets refusals of receipts that were logged after all; answers how many. */
export async function deleteRefusals(sql: Queryable, ids: readonly Hex[]): Promise<number> {
  if (ids.length === 0) return 0;
  return await sql.execute("DELETE FROM refused_receipts WHERE id = ANY($1::bytea[])", [byteaArray(ids)]);
}

/** Why a receipt is not in the log, when it was refused. */
export async function findRefusal(sql: Queryable, id: Uint8Array): Promise<string | undefined> {
  const [row] = await sql.query<{ reason: string }>("SELECT reason FROM refused_receipts WHERE id = $1", [id]);
  return row?.reason;
}

/** Forgets the oldest refusals beyond a number; answers how many. */
export async function pruneRefusals(sql: Queryable, keep: number): Promise<number> {
  return await sql.execute(
    `DELETE FROM refused_receipts WHERE id IN (SELECT id FROM refused_receipts ORDER BY last_at_ms DESC OFFSET $1 LIMIT 1000)`,
    [keep],
  );
}
