import type { Queryable } from "@koinon/postgres/sql";
import type { Address } from "@koinon/secp256k1/address";
import { type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import type { StorageProof } from "@koinon/solidity/storage-proof";
import { byteaArray, hexOf } from "./bytes.ts";

/** A checkpoint registry. */
export interface RegistryPlace {
  readonly chainId: bigint;
  readonly registry: Address;
}

/** A published checkpoint with the proof that it stands in the registry, in the state of one block. */
export interface Anchor {
  readonly size: bigint;
  readonly blockNumber: bigint;
  readonly blockHash: Hex;
  /** RLP. */
  readonly header: Uint8Array;
  /** Of the slots of the checkpoint's root and of its submission. */
  readonly proof: StorageProof;
}

/** A transaction under way: the checkpoint it anchors, or the registration of the origin. */
export interface Submission {
  /** Undefined for the registration. */
  readonly size: bigint | undefined;
  readonly nonce: bigint;
  /** Signed, oldest first; one of them will be included. */
  readonly transactions: readonly Uint8Array[];
  readonly sentAtMs: number;
}

interface AnchorRow {
  size: bigint;
  block_number: bigint;
  block_hash: Buffer;
  header: Buffer;
  account_proof: Buffer[];
  root_proof: Buffer[];
  submission_proof: Buffer[];
}

interface SubmissionRow {
  size: bigint | null;
  nonce: bigint;
  transactions: Buffer[];
  sent_at_ms: bigint;
}

const atPlace = "chain_id = $1 AND registry = $2";
const columns = "size, block_number, block_hash, header, account_proof, root_proof, submission_proof";

/** The anchor of the largest checkpoint. */
export async function newestAnchor(sql: Queryable, place: RegistryPlace): Promise<Anchor | undefined> {
  const rows = await sql.query<AnchorRow>(
    `SELECT ${columns} FROM anchors WHERE ${atPlace} ORDER BY size DESC LIMIT 1`,
    keyOf(place),
  );
  return rows.map(anchorFromRow)[0];
}

/** The newest anchor of a checkpoint larger than a leaf index, of blocks with these hashes, or of any when none is given. */
export async function anchorAbove(
  sql: Queryable,
  place: RegistryPlace,
  { index, blocks }: { readonly index: bigint; readonly blocks: readonly Uint8Array[] },
): Promise<Anchor | undefined> {
  const rows = await sql.query<AnchorRow>(
    `SELECT ${columns} FROM anchors WHERE ${atPlace} AND size > $3 AND ($4::bytea[] = '{}' OR block_hash = ANY($4))
     ORDER BY size DESC LIMIT 1`,
    [...keyOf(place), index, blocks],
  );
  return rows.map(anchorFromRow)[0];
}

/** The newest anchor of a checkpoint larger than a leaf index, in one of these blocks. */
export async function anchorBetween(
  sql: Queryable,
  place: RegistryPlace,
  { index, first, last }: { readonly index: bigint; readonly first: bigint; readonly last: bigint },
): Promise<Anchor | undefined> {
  const rows = await sql.query<AnchorRow>(
    `SELECT ${columns} FROM anchors WHERE ${atPlace} AND size > $3 AND block_number BETWEEN $4 AND $5
     ORDER BY size DESC LIMIT 1`,
    [...keyOf(place), index, first, last],
  );
  return rows.map(anchorFromRow)[0];
}

/** Keeps an anchor, in place of one of the same size in another block, and tells every reader. */
export async function saveAnchor(
  sql: Queryable,
  place: RegistryPlace,
  anchor: Anchor,
  { atMs, channel }: { readonly atMs: number; readonly channel: string },
): Promise<void> {
  const { size, blockNumber, blockHash, header, proof } = anchor;
  const [root = [], submission = []] = proof.slots;
  await sql.execute(
    `INSERT INTO anchors (chain_id, registry, ${columns}, anchored_at_ms)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     ON CONFLICT (chain_id, registry, size) DO UPDATE SET block_number = excluded.block_number,
       block_hash = excluded.block_hash, header = excluded.header, account_proof = excluded.account_proof,
       root_proof = excluded.root_proof, submission_proof = excluded.submission_proof,
       anchored_at_ms = excluded.anchored_at_ms`,
    [
      ...[...keyOf(place), size, blockNumber, hexToBytes(blockHash), header],
      ...[byteaArray(proof.account), byteaArray(root), byteaArray(submission), atMs],
    ],
  );
  await sql.query("SELECT pg_notify($1, '')", [channel]);
}

/** Forgets an anchor whose block the chain no longer has. */
export async function deleteAnchor(sql: Queryable, place: RegistryPlace, size: bigint): Promise<void> {
  await sql.execute(`DELETE FROM anchors WHERE ${atPlace} AND size = $3`, [...keyOf(place), size]);
}

/** Forgets all but the newest anchors; answers how many. */
export async function pruneAnchors(sql: Queryable, place: RegistryPlace, keep: number): Promise<number> {
  return await sql.execute(
    `DELETE FROM anchors WHERE ${atPlace}
     AND size < (SELECT size FROM anchors WHERE ${atPlace} ORDER BY size DESC OFFSET $3 LIMIT 1)`,
    [...keyOf(place), keep],
  );
}

/** The transaction under way. */
export async function loadSubmission(sql: Queryable, place: RegistryPlace): Promise<Submission | undefined> {
  const [row] = await sql.query<SubmissionRow>(
    `SELECT size, nonce, transactions, sent_at_ms FROM anchor_submissions WHERE ${atPlace}`,
    keyOf(place),
  );
  if (row === undefined) return undefined;
  const { size, nonce, transactions, sent_at_ms } = row;
  return { size: size ?? undefined, nonce, transactions, sentAtMs: Number(sent_at_ms) };
}

/** Notes a transaction before it is sent, or that it was replaced by one that pays more. */
export async function saveSubmission(sql: Queryable, place: RegistryPlace, submission: Submission): Promise<void> {
  const { size, nonce, transactions, sentAtMs } = submission;
  await sql.execute(
    `INSERT INTO anchor_submissions (chain_id, registry, size, nonce, transactions, sent_at_ms)
     VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (chain_id, registry) DO UPDATE SET size = excluded.size, nonce = excluded.nonce,
       transactions = excluded.transactions, sent_at_ms = excluded.sent_at_ms`,
    [...keyOf(place), size ?? null, nonce, transactions, sentAtMs],
  );
}

/** Forgets the transaction: it was included, or will never be. */
export async function deleteSubmission(sql: Queryable, place: RegistryPlace): Promise<void> {
  await sql.execute(`DELETE FROM anchor_submissions WHERE ${atPlace}`, keyOf(place));
}

function keyOf({ chainId, registry }: RegistryPlace): [bigint, Uint8Array] {
  return [chainId, hexToBytes(registry)];
}

function anchorFromRow(row: AnchorRow): Anchor {
  const nodes = (column: readonly Buffer[]): Hex[] => column.map(hexOf);
  return {
    size: row.size,
    blockNumber: row.block_number,
    blockHash: hexOf(row.block_hash),
    header: row.header,
    proof: { account: nodes(row.account_proof), slots: [nodes(row.root_proof), nodes(row.submission_proof)] },
  };
}
