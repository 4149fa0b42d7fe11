import type { Contribution } from "@koinon/contributions/contribution";
import type { Queryable } from "@koinon/postgres/sql";
import { type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import { hexOf } from "./bytes.ts";

/** A place in the order of the view: after this contribution. */
export interface ContributionPosition {
  readonly fee: bigint;
  readonly provider: Hex;
  readonly kind: number;
  readonly subject: Hex;
}

/** A page of the view and the size of the tree that it covers. */
export interface ContributionPage {
  readonly treeSize: bigint;
  readonly contributions: readonly Contribution[];
}

interface ContributionRow {
  size: bigint;
  provider: Buffer | null;
  kind: number;
  subject: Buffer;
  receipts: bigint;
  input_units: string;
  output_units: string;
  fee: string;
  first_at_ms: string;
  last_at_ms: string;
}

/** Adds what new entries contribute to the view. */
export async function mergeContributions(sql: Queryable, parts: readonly Contribution[]): Promise<void> {
  if (parts.length === 0) return;
  await sql.execute(
    {
      name: "poi-merge-contributions",
      text: `INSERT INTO contributions AS known
          (provider, kind, subject, receipts, input_units, output_units, fee, first_at_ms, last_at_ms)
        SELECT * FROM unnest($1::bytea[], $2::smallint[], $3::bytea[], $4::bigint[], $5::numeric[], $6::numeric[],
          $7::numeric[], $8::numeric[], $9::numeric[])
        ON CONFLICT (provider, kind, subject) DO UPDATE SET receipts = known.receipts + excluded.receipts,
          input_units = known.input_units + excluded.input_units, output_units = known.output_units + excluded.output_units,
          fee = known.fee + excluded.fee, first_at_ms = least(known.first_at_ms, excluded.first_at_ms),
          last_at_ms = greatest(known.last_at_ms, excluded.last_at_ms)`,
    },
    [
      parts.map((part) => hexToBytes(part.provider)),
      parts.map((part) => part.kind),
      parts.map((part) => hexToBytes(part.subject)),
      parts.map((part) => part.receipts),
      parts.map((part) => part.inputUnits),
      parts.map((part) => part.outputUnits),
      parts.map((part) => part.fee),
      parts.map((part) => part.firstAt),
      parts.map((part) => part.lastAt),
    ],
  );
}

/** Reads the view largest fee first, from after a position; tree size and rows are of one moment. */
export async function listContributions(
  sql: Queryable,
  after: ContributionPosition | undefined,
  limit: number,
): Promise<ContributionPage> {
  const rows = await sql.query<ContributionRow>(
    `SELECT tree.size, part.* FROM log_tree tree LEFT JOIN LATERAL (
       SELECT * FROM contributions
       WHERE $1::numeric IS NULL OR fee < $1 OR (fee = $1 AND (provider, kind, subject) > ($2::bytea, $3::smallint, $4::bytea))
       ORDER BY fee DESC, provider, kind, subject LIMIT $5) part ON true
     ORDER BY part.fee DESC, part.provider, part.kind, part.subject`,
    after === undefined
      ? [null, null, null, null, limit]
      : [after.fee, hexToBytes(after.provider), after.kind, hexToBytes(after.subject), limit],
  );
  return { treeSize: rows[0]?.size ?? 0n, contributions: rows.flatMap(contributionFromRow) };
}

function contributionFromRow(row: ContributionRow): Contribution[] {
  // The outer join answers one row of nulls for an empty page.
  if (row.provider === null) return [];
  return [
    {
      provider: hexOf(row.provider),
      kind: row.kind,
      subject: hexOf(row.subject),
      receipts: row.receipts,
      inputUnits: BigInt(row.input_units),
      outputUnits: BigInt(row.output_units),
      fee: BigInt(row.fee),
      firstAt: BigInt(row.first_at_ms),
      lastAt: BigInt(row.last_at_ms),
    },
  ];
}
