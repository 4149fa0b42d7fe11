import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import type { Attempt, OpenedReceiptBytes, SettlementRecord } from "./money-store.ts";

/** A request's money as it is read, open or closed. */
export interface SettlementRow {
  request_id: Buffer;
  account_name: string;
  consumer: Buffer;
  provider: Buffer;
  provider_name: string;
  subject: Buffer;
  price_id: Buffer;
  certificate_id: Buffer;
  amount: string;
  model: string;
  endpoint: SettlementRecord["endpoint"];
  request_digest: Buffer;
  request_bytes: bigint;
  relayed_by: string | null;
  delivered_digest: Buffer | null;
  delivered_bytes: bigint | null;
  attempts: Attempt[];
  reserved_at: bigint;
  expires_at: bigint;
  state: SettlementRecord["state"];
  void_reason: string;
  closed_at: bigint | null;
  receipt_id: Buffer | null;
  fee: string | null;
  receipt_content: Buffer | null;
  receipt_signature: Buffer | null;
  openings: Buffer | null;
  relayed: boolean;
  log_index: bigint | null;
}

const shared = `request_id, accounts.name AS account_name, accounts.consumer, provider, provider_name, subject, price_id, certificate_id, amount,
  model, endpoint, request_digest, request_bytes, relayed_by, delivered_digest, delivered_bytes, attempts, reserved_at, expires_at`;

/** Open requests as SettlementRow; add a WHERE clause. */
export const selectReservations = `SELECT ${shared}, 'reserved' AS state, '' AS void_reason, NULL::bigint AS closed_at,
  NULL::bytea AS receipt_id, NULL::numeric AS fee, NULL::bytea AS receipt_content, NULL::bytea AS receipt_signature,
  NULL::bytea AS openings, false AS relayed, NULL::bigint AS log_index
  FROM reservations JOIN accounts ON accounts.id = account`;

/** Closed requests as SettlementRow; add a WHERE clause. */
export const selectSettlements = `SELECT ${shared}, state, void_reason, closed_at, receipt_id, fee, receipt_content, receipt_signature,
  openings, relayed, log_index
  FROM settlements JOIN accounts ON accounts.id = account LEFT JOIN logged USING (event)`;

export function recordFromRow(row: SettlementRow): SettlementRecord {
  return {
    requestId: bytesToHex(row.request_id),
    accountId: row.account_name,
    consumer: bytesToHex(row.consumer),
    provider: bytesToHex(row.provider),
    providerName: row.provider_name,
    subject: bytesToHex(row.subject),
    priceId: bytesToHex(row.price_id),
    certificateId: bytesToHex(row.certificate_id),
    amount: BigInt(row.amount),
    model: row.model,
    endpoint: row.endpoint,
    requestDigest: bytesToHex(row.request_digest),
    requestBytes: Number(row.request_bytes),
    relayedBy: row.relayed_by ?? undefined,
    delivered: deliveredFromRow(row),
    attempts: row.attempts,
    reservedAt: Number(row.reserved_at),
    expiresAt: Number(row.expires_at),
    state: row.state,
    voidReason: row.void_reason,
    closedAt: row.closed_at === null ? undefined : Number(row.closed_at),
    receiptId: row.receipt_id === null ? undefined : bytesToHex(row.receipt_id),
    fee: row.fee === null ? undefined : BigInt(row.fee),
    receipt: receiptFromRow(row),
    relayed: row.relayed,
    logIndex: row.log_index ?? undefined,
  };
}

function deliveredFromRow({ delivered_digest, delivered_bytes }: SettlementRow): SettlementRecord["delivered"] {
  if (delivered_digest === null || delivered_bytes === null) return undefined;
  return { digest: bytesToHex(delivered_digest), bytes: Number(delivered_bytes) };
}

function receiptFromRow({
  receipt_content,
  receipt_signature,
  openings,
}: SettlementRow): OpenedReceiptBytes | undefined {
  if (receipt_content === null || receipt_signature === null || openings === null) return undefined;
  const part = (index: number): Hex => bytesToHex(openings.subarray(index * 32, index * 32 + 32));
  return {
    content: receipt_content,
    signature: receipt_signature,
    input: { blinding: part(0), digest: part(1) },
    output: { blinding: part(2), digest: part(3) },
  };
}
