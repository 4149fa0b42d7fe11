import type { SessionHead } from "@koinon/contributions/session-rules";
import type { Queryable } from "@koinon/postgres/sql";
import { type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import { byteaArray, hexOf } from "./bytes.ts";

interface SessionRow {
  session: Buffer;
  provider: Buffer;
  consumer: Buffer;
  sequence: string;
  receipt_id: Buffer;
  key: Buffer;
  epoch: string;
}

/** The last receipts of those sessions that have any. */
export async function loadSessions(sql: Queryable, sessions: Iterable<Hex>): Promise<Map<Hex, SessionHead>> {
  const rows = await sql.query<SessionRow>(
    {
      name: "poi-load-sessions",
      text: `SELECT session, provider, consumer, sequence, receipt_id, key, epoch FROM sessions
        WHERE session = ANY($1::bytea[])`,
    },
    [byteaArray(sessions)],
  );
  return new Map(rows.map((row) => [hexOf(row.session), headFromRow(row)]));
}

/** Records the last receipts of sessions. */
export async function saveSessions(sql: Queryable, heads: ReadonlyMap<Hex, SessionHead>): Promise<void> {
  if (heads.size === 0) return;
  const list = [...heads.values()];
  await sql.execute(
    {
      name: "poi-save-sessions",
      text: `INSERT INTO sessions (session, provider, consumer, sequence, receipt_id, key, epoch)
        SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::numeric[], $5::bytea[], $6::bytea[], $7::numeric[])
        ON CONFLICT (session) DO UPDATE
        SET sequence = excluded.sequence, receipt_id = excluded.receipt_id, key = excluded.key, epoch = excluded.epoch`,
    },
    [
      byteaArray(heads.keys()),
      list.map((head) => hexToBytes(head.provider)),
      list.map((head) => hexToBytes(head.consumer)),
      list.map((head) => head.sequence),
      list.map((head) => hexToBytes(head.receiptId)),
      list.map((head) => hexToBytes(head.key)),
      list.map((head) => head.epoch),
    ],
  );
}

function headFromRow(row: SessionRow): SessionHead {
  return {
    provider: hexOf(row.provider),
    consumer: hexOf(row.consumer),
    sequence: BigInt(row.sequence),
    receiptId: hexOf(row.receipt_id),
    key: hexOf(row.key),
    epoch: BigInt(row.epoch),
  };
}
