import type { Database } from "@koinon/postgres/database";
import type { Queryable } from "@koinon/postgres/sql";
import type { Address } from "@koinon/secp256k1/address";
import { bytesToHex, type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import type { Registration } from "./registration.ts";
import {
  type ProviderRow,
  readRegistrations,
  recordFromRow,
  standingFromRow,
  writeDocuments,
} from "./registry-rows.ts";
import {
  type CheckedHeartbeat,
  endedSessionsMax,
  type HeartbeatOutcome,
  type ProviderRecord,
  type RegisterOutcome,
  type RegistryStore,
  type SettlementDocuments,
} from "./registry-store.ts";
import { cleanStanding, type Standing } from "./standing.ts";

/** The registry in PostgreSQL, shared by all replicas of the market. */
export class PostgresRegistryStore implements RegistryStore {
  readonly #database: Database;

  constructor(dependencies: { database: Database }) {
    this.#database = dependencies.database;
  }

  async register(
    registration: Registration,
    options: { now: number; providersMax: number; standing(before: Standing): Standing },
  ): Promise<RegisterOutcome> {
    return await this.#database.transaction(async (transaction) => {
      // Registrations are rare and decide on names and on the size of the table: one at a time.
      await transaction.query("SELECT pg_advisory_xact_lock(hashtextextended('koinon.market.registry', 0))");
      const address = hexToBytes(registration.provider);
      const [before] = await transaction.query<ProviderRow>("SELECT * FROM providers WHERE address = $1 FOR UPDATE", [
        address,
      ]);
      const unchanged = before !== undefined && bytesToHex(before.announcement_id) === registration.announcementId;
      if (before !== undefined && !unchanged && registration.sequence <= BigInt(before.sequence)) {
        return { outcome: "stale", known: BigInt(before.sequence) };
      }
      const refused = await refuseByOthers(transaction, registration, before === undefined, options);
      if (refused !== undefined) return refused;
      await writeDocuments(transaction, registration);
      const standing = before === undefined ? cleanStanding : standingFromRow(before);
      await writeProvider(transaction, registration, options.now, unchanged ? standing : options.standing(standing));
      return { outcome: unchanged ? "unchanged" : "registered" };
    });
  }

  async heartbeat(heartbeat: CheckedHeartbeat, now: number): Promise<HeartbeatOutcome> {
    const { provider, sentAt, draining, active, queued } = heartbeat;
    const [row] = await this.#database.query<{ registered: boolean; noted: boolean }>(
      {
        name: "registry-heartbeat",
        text: `WITH noted AS (
            UPDATE providers SET last_seen_at = $2, draining = $3, active = $4, queued = $5, heartbeat_sent_at = $6
            WHERE address = $1 AND heartbeat_sent_at < $6 RETURNING address
          )
          SELECT EXISTS (SELECT FROM noted) AS noted, EXISTS (SELECT FROM providers WHERE address = $1) AS registered`,
      },
      [hexToBytes(provider), now, draining, active, queued, sentAt],
    );
    if (row?.noted) return "noted";
    return row?.registered ? "stale" : "not-registered";
  }

  async judge(
    provider: Address,
    change: { standing(before: Standing): Standing; endSession: Hex | undefined },
  ): Promise<Standing | undefined> {
    return await this.#database.transaction(async (transaction) => {
      const address = hexToBytes(provider);
      const [row] = await transaction.query<ProviderRow>("SELECT * FROM providers WHERE address = $1 FOR UPDATE", [
        address,
      ]);
      if (row === undefined) return undefined;
      const standing = change.standing(standingFromRow(row));
      const sessions = row.ended_sessions.map(bytesToHex);
      if (change.endSession !== undefined && !sessions.includes(change.endSession)) sessions.push(change.endSession);
      await transaction.execute(
        `UPDATE providers SET strikes = $2, last_strike_at = $3, strike_reason = $4, failing_until = $5, ended_sessions = $6
         WHERE address = $1`,
        [address, ...standingValues(standing), sessions.slice(-endedSessionsMax).map(hexToBytes)],
      );
      return standing;
    });
  }

  async addCounts(counts: ReadonlyMap<Address, { served: number; failed: number }>): Promise<void> {
    if (counts.size === 0) return;
    // Always in the same order, so that two replicas can not wait for each other's rows.
    const sorted = [...counts].sort(([left], [right]) => (left < right ? -1 : 1));
    await this.#database.execute(
      `UPDATE providers SET served = providers.served + added.served, failed = providers.failed + added.failed
       FROM unnest($1::bytea[], $2::bigint[], $3::bigint[]) AS added (address, served, failed)
       WHERE providers.address = added.address`,
      [
        sorted.map(([provider]) => hexToBytes(provider)),
        sorted.map(([, { served }]) => served),
        sorted.map(([, { failed }]) => failed),
      ],
    );
  }

  async list(known: ReadonlyMap<Hex, Registration>): Promise<ProviderRecord[]> {
    // One snapshot: a provider that registers meanwhile must not get its new offers beside its old announcement.
    return await this.#database.transaction(
      async (transaction) => {
        const rows = await transaction.query<ProviderRow>("SELECT * FROM providers ORDER BY name_key");
        const unknown = rows.filter((row) => !known.has(bytesToHex(row.announcement_id)));
        const read = await readRegistrations(transaction, unknown);
        return rows.flatMap((row) => {
          const announcementId = bytesToHex(row.announcement_id);
          const registration = known.get(announcementId) ?? read.get(announcementId);
          return registration === undefined ? [] : [recordFromRow(row, registration)];
        });
      },
      { isolation: "repeatable read", readOnly: true },
    );
  }

  async documents(ids: { certificateId: Hex; priceId: Hex; subject: Hex }): Promise<SettlementDocuments | undefined> {
    const [row] = await this.#database.query<{
      certificate: Buffer;
      certificate_signature: Buffer;
      quote: Buffer;
      quote_signature: Buffer;
      manifest: Buffer;
    }>(
      `SELECT certificates.content AS certificate, certificates.signature AS certificate_signature,
              quotes.content AS quote, quotes.signature AS quote_signature, manifests.content AS manifest
       FROM certificates, quotes, manifests
       WHERE certificates.id = $1 AND quotes.price_id = $2 AND manifests.hash = $3`,
      [hexToBytes(ids.certificateId), hexToBytes(ids.priceId), hexToBytes(ids.subject)],
    );
    if (row === undefined) return undefined;
    return {
      certificate: { content: row.certificate, signature: row.certificate_signature },
      quote: { content: row.quote, signature: row.quote_signature },
      manifest: row.manifest,
    };
  }
}

async function refuseByOthers(
  transaction: Queryable,
  { provider, name }: Registration,
  isNew: boolean,
  { now, providersMax }: { now: number; providersMax: number },
): Promise<RegisterOutcome | undefined> {
  const address = hexToBytes(provider);
  const nameKey = name.toLowerCase();
  // A name belongs to its bearer until the announcement runs out; then it, and the row, are free.
  await transaction.execute("DELETE FROM providers WHERE name_key = $1 AND address <> $2 AND expires_at <= $3", [
    nameKey,
    address,
    now,
  ]);
  const [found] = await transaction.query<{ taken: boolean; providers: bigint }>(
    `SELECT EXISTS (SELECT 1 FROM providers WHERE name_key = $1 AND address <> $2) AS taken,
            (SELECT count(*) FROM providers) AS providers`,
    [nameKey, address],
  );
  if (found?.taken) return { outcome: "name-taken" };
  if (isNew && (found?.providers ?? 0n) >= BigInt(providersMax)) return { outcome: "full" };
  return undefined;
}

async function writeProvider(
  transaction: Queryable,
  registration: Registration,
  now: number,
  standing: Standing,
): Promise<void> {
  const address = hexToBytes(registration.provider);
  const { content, signature } = registration.announcement;
  await transaction.execute(
    `INSERT INTO providers (address, name, name_key, region, endpoint, capacity, sequence, expires_at, announcement_id, announcement,
       announcement_signature, certificate_id, last_seen_at, strikes, last_strike_at, strike_reason, failing_until)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
     ON CONFLICT (address) DO UPDATE SET (name, name_key, region, endpoint, capacity, sequence, expires_at, announcement_id, announcement,
       announcement_signature, certificate_id, last_seen_at, strikes, last_strike_at, strike_reason, failing_until, draining, active, queued) =
       (excluded.name, excluded.name_key, excluded.region, excluded.endpoint, excluded.capacity, excluded.sequence, excluded.expires_at,
        excluded.announcement_id, excluded.announcement, excluded.announcement_signature, excluded.certificate_id, excluded.last_seen_at,
        excluded.strikes, excluded.last_strike_at, excluded.strike_reason, excluded.failing_until, false, 0, 0)`,
    [
      address,
      registration.name,
      registration.name.toLowerCase(),
      registration.region,
      registration.endpoint,
      registration.capacity,
      registration.sequence,
      registration.expiresAt,
      hexToBytes(registration.announcementId),
      content,
      signature,
      hexToBytes(registration.certificate.id),
      now,
      ...standingValues(standing),
    ],
  );
  await transaction.execute("DELETE FROM offers WHERE provider = $1", [address]);
  await transaction.execute(
    `INSERT INTO offers (provider, position, subject, price_id)
     SELECT $1, position, subject, price_id
     FROM unnest($2::bytea[], $3::bytea[]) WITH ORDINALITY AS offered (subject, price_id, position)`,
    [
      address,
      registration.offers.map(({ subject }) => hexToBytes(subject)),
      registration.offers.map(({ priceId }) => hexToBytes(priceId)),
    ],
  );
}

function standingValues(standing: Standing) {
  return [standing.strikes, standing.lastStrikeAt, standing.reason, standing.failingUntil];
}
