import type { Queryable } from "@koinon/postgres/sql";
import { certificateDocument } from "@koinon/receipts/certificate";
import { decodeDocument } from "@koinon/receipts/document";
import { quoteDocument } from "@koinon/receipts/quote";
import { bytesToHex, type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import { createOffer, type Offer, type Registration, type ServingCertificate } from "./registration.ts";
import type { ProviderRecord } from "./registry-store.ts";
import type { Standing } from "./standing.ts";

/** A row of the table providers as the driver gives it. */
export interface ProviderRow {
  readonly address: Buffer;
  readonly name: string;
  readonly region: string;
  readonly endpoint: string;
  readonly capacity: number;
  readonly sequence: string;
  readonly expires_at: bigint;
  readonly announcement_id: Buffer;
  readonly announcement: Buffer;
  readonly announcement_signature: Buffer;
  readonly certificate_id: Buffer;
  readonly last_seen_at: bigint;
  readonly draining: boolean;
  readonly active: number;
  readonly queued: number;
  readonly strikes: number;
  readonly last_strike_at: bigint;
  readonly strike_reason: string;
  readonly failing_until: bigint;
  readonly ended_sessions: readonly Buffer[];
  readonly served: bigint;
  readonly failed: bigint;
}

export function standingFromRow(row: ProviderRow): Standing {
  return {
    strikes: row.strikes,
    lastStrikeAt: Number(row.last_strike_at),
    reason: row.strike_reason,
    failingUntil: Number(row.failing_until),
  };
}

export function recordFromRow(row: ProviderRow, registration: Registration): ProviderRecord {
  return {
    registration,
    liveness: {
      lastSeenAt: Number(row.last_seen_at),
      draining: row.draining,
      active: row.active,
      queued: row.queued,
    },
    standing: standingFromRow(row),
    endedSessions: row.ended_sessions.map(bytesToHex),
    served: row.served,
    failed: row.failed,
  };
}

/** Keeps the documents of a registration; what is there already is the same, since each is found by its hash. */
export async function writeDocuments(transaction: Queryable, registration: Registration): Promise<void> {
  const { certificate, offers } = registration;
  await transaction.execute(
    "INSERT INTO certificates (id, content, signature) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
    [hexToBytes(certificate.id), certificate.bytes.content, certificate.bytes.signature],
  );
  await transaction.execute(
    "INSERT INTO manifests (hash, content) SELECT * FROM unnest($1::bytea[], $2::bytea[]) ON CONFLICT DO NOTHING",
    [offers.map(({ subject }) => hexToBytes(subject)), offers.map(({ manifest }) => manifest)],
  );
  await transaction.execute(
    `INSERT INTO quotes (price_id, content, signature)
     SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::bytea[]) ON CONFLICT DO NOTHING`,
    [
      offers.map(({ priceId }) => hexToBytes(priceId)),
      offers.map(({ quote }) => quote.content),
      offers.map(({ quote }) => quote.signature),
    ],
  );
}

/** The registrations behind these rows, by announcement id. They were verified before they were written, and are only read here. */
export async function readRegistrations(
  transaction: Queryable,
  rows: readonly ProviderRow[],
): Promise<Map<Hex, Registration>> {
  if (rows.length === 0) return new Map();
  const certificates = await readCertificates(transaction, rows);
  const offers = await readOffers(transaction, rows);
  const registrations = rows.map((row): [Hex, Registration] => {
    const announcementId = bytesToHex(row.announcement_id);
    const provider = bytesToHex(row.address);
    const certificate = certificates.get(bytesToHex(row.certificate_id)) as ServingCertificate;
    const registration = {
      provider,
      name: row.name,
      region: row.region,
      endpoint: row.endpoint,
      capacity: row.capacity,
      sequence: BigInt(row.sequence),
      expiresAt: Number(row.expires_at),
      announcementId,
      announcement: { content: row.announcement, signature: row.announcement_signature },
      certificate,
      offers: offers.get(provider) ?? [],
    };
    return [announcementId, registration];
  });
  return new Map(registrations);
}

async function readCertificates(transaction: Queryable, rows: readonly ProviderRow[]) {
  const found = await transaction.query<{ id: Buffer; content: Buffer; signature: Buffer }>(
    "SELECT id, content, signature FROM certificates WHERE id = ANY ($1)",
    [rows.map(({ certificate_id }) => certificate_id)],
  );
  const certificates = new Map<Hex, ServingCertificate>();
  for (const { id: idBytes, ...bytes } of found) {
    const id = bytesToHex(idBytes);
    certificates.set(id, { id, certificate: decodeDocument(certificateDocument, bytes).document, bytes });
  }
  return certificates;
}

async function readOffers(transaction: Queryable, rows: readonly ProviderRow[]): Promise<Map<Hex, Offer[]>> {
  const found = await transaction.query<{
    provider: Buffer;
    price_id: Buffer;
    content: Buffer;
    signature: Buffer;
    manifest: Buffer;
  }>(
    `SELECT offers.provider, offers.price_id, quotes.content, quotes.signature, manifests.content AS manifest
     FROM offers JOIN quotes USING (price_id) JOIN manifests ON manifests.hash = offers.subject
     WHERE offers.provider = ANY ($1) ORDER BY offers.provider, offers.position`,
    [rows.map(({ address }) => address)],
  );
  const offers = new Map<Hex, Offer[]>();
  for (const row of found) {
    const quoteBytes = { content: row.content, signature: row.signature };
    const quote = decodeDocument(quoteDocument, quoteBytes).document;
    const offer = createOffer({ manifest: row.manifest, quote, quoteBytes, priceId: bytesToHex(row.price_id) });
    const provider = bytesToHex(row.provider);
    offers.set(provider, [...(offers.get(provider) ?? []), offer]);
  }
  return offers;
}
