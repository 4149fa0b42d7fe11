import type { Database } from "@koinon/postgres/database";
import type { Address } from "@koinon/secp256k1/address";
import { bytesToHex, hexToBytes } from "@koinon/secp256k1/hex";
import type { KeyRecord, Scope } from "../keys/key-record.ts";
import type { KeyPosition, KeyStore } from "./key-store.ts";

interface KeyRow {
  readonly id: string;
  readonly name: string;
  readonly hash: Buffer;
  readonly scopes: Scope[];
  readonly consumer: Buffer;
  readonly state: "opening" | "active";
  readonly budget: string;
  readonly requests_per_minute: number | null;
  readonly creator: string;
  readonly creation: string | null;
  readonly creation_digest: Buffer;
  readonly created_at_ms: bigint;
  readonly expires_at_ms: bigint | null;
  readonly revoked_at_ms: bigint | null;
}

const COLUMNS = `id, name, hash, scopes, consumer, state, budget, requests_per_minute, creator, creation, creation_digest,
  created_at_ms, expires_at_ms, revoked_at_ms`;

// Prepared: it runs for every key in use once per cache lifetime.
const FIND = { name: "gateway-key-find", text: `SELECT ${COLUMNS} FROM api_keys WHERE id = $1` };

const INSERT = `INSERT INTO api_keys (${COLUMNS})
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT DO NOTHING`;

/** Keys in the schema `gateway` (migrations/), which is the search path of the connection. */
export class PostgresKeyStore implements KeyStore {
  readonly #database: Database;

  constructor(dependencies: { readonly database: Database }) {
    this.#database = dependencies.database;
  }

  async insert(record: KeyRecord, signal?: AbortSignal): Promise<KeyRecord> {
    const inserted = await this.#database.execute(INSERT, rowOf(record), bounds(signal));
    if (inserted === 1) return record;
    // Rows are never deleted, so what was in the way is still there.
    const [row] = await this.#database.query<KeyRow>(
      `SELECT ${COLUMNS} FROM api_keys WHERE id = $1 OR (creator = $2 AND creation = $3) ORDER BY id <> $1 LIMIT 1`,
      [record.id, record.creator, record.creation],
      bounds(signal),
    );
    return row === undefined ? record : recordOf(row);
  }

  async find(id: string, signal?: AbortSignal): Promise<KeyRecord | undefined> {
    const [row] = await this.#database.query<KeyRow>(FIND, [id], bounds(signal));
    return row === undefined ? undefined : recordOf(row);
  }

  async activate(id: string, signal?: AbortSignal): Promise<void> {
    await this.#database.execute("UPDATE api_keys SET state = 'active' WHERE id = $1", [id], bounds(signal));
  }

  async revoke(id: string, atMs: number, signal?: AbortSignal): Promise<KeyRecord | undefined> {
    const [row] = await this.#database.query<KeyRow>(
      `UPDATE api_keys SET revoked_at_ms = coalesce(revoked_at_ms, $2) WHERE id = $1 RETURNING ${COLUMNS}`,
      [id, atMs],
      bounds(signal),
    );
    return row === undefined ? undefined : recordOf(row);
  }

  async list(limit: number, after: KeyPosition | undefined, signal?: AbortSignal): Promise<readonly KeyRecord[]> {
    const rows = await this.#database.query<KeyRow>(
      `SELECT ${COLUMNS} FROM api_keys WHERE $2::bigint IS NULL OR (created_at_ms, id) < ($2, $3)
       ORDER BY created_at_ms DESC, id DESC LIMIT $1`,
      [limit, after?.createdAtMs ?? null, after?.id ?? null],
      bounds(signal),
    );
    return rows.map(recordOf);
  }

  async listOpening(limit: number, createdBeforeMs: number, signal?: AbortSignal): Promise<readonly KeyRecord[]> {
    const rows = await this.#database.query<KeyRow>(
      `SELECT ${COLUMNS} FROM api_keys WHERE state = 'opening' AND revoked_at_ms IS NULL AND created_at_ms < $2
       ORDER BY created_at_ms, id LIMIT $1`,
      [limit, createdBeforeMs],
      bounds(signal),
    );
    return rows.map(recordOf);
  }
}

function bounds(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

function rowOf(record: KeyRecord) {
  return [
    record.id,
    record.name,
    record.hash,
    record.scopes,
    hexToBytes(record.consumer),
    record.state,
    record.budget,
    record.requestsPerMinute,
    record.creator,
    record.creation,
    record.creationDigest,
    record.createdAtMs,
    record.expiresAtMs,
    record.revokedAtMs,
  ] as const;
}

function recordOf(row: KeyRow): KeyRecord {
  return {
    id: row.id,
    name: row.name,
    hash: row.hash,
    scopes: row.scopes,
    consumer: bytesToHex(row.consumer) as Address,
    state: row.state,
    budget: BigInt(row.budget),
    requestsPerMinute: row.requests_per_minute,
    creator: row.creator,
    creation: row.creation,
    creationDigest: row.creation_digest,
    createdAtMs: Number(row.created_at_ms),
    expiresAtMs: row.expires_at_ms === null ? null : Number(row.expires_at_ms),
    revokedAtMs: row.revoked_at_ms === null ? null : Number(row.revoked_at_ms),
  };
}
