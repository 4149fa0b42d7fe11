import { createHash } from "node:crypto";
import type { Domain } from "@koinon/eip712/domain";
import { DomainError } from "@koinon/errors/domain-error";
import { type Announcement, announcementDocument } from "@koinon/receipts/announcement";
import { certificateDocument, certifies } from "@koinon/receipts/certificate";
import {
  type DocumentBytes,
  type DocumentType,
  decodeDocument,
  documentId,
  isSignedBy,
} from "@koinon/receipts/document";
import { ReceiptsError } from "@koinon/receipts/fault";
import { manifestBytes, manifestBytesMax, parseManifest } from "@koinon/receipts/manifest";
import { type Quote, quoteDocument, quoteFee } from "@koinon/receipts/quote";
import type { Address } from "@koinon/secp256k1/address";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import { MarketError } from "../errors.ts";
import {
  createOffer,
  type Offer,
  type Registration,
  type RegistrationDocuments,
  type ServingCertificate,
  timeFromUint64,
} from "./registration.ts";

/** How far a provider's clock may be ahead of the market's, in ms. */
const clockSkewMs = 60_000n;

/** A provider's announced capacity is refused beyond this: nobody serves so many at once, and queues are sized by it. */
const capacityMax = 100_000n;

type Part = "certificate" | "announcement" | "quote" | "manifest";

/**
 * Verifies a registration from the root key down: certificate by the root, announcement and quotes by the certified serving key, validity of
 * each now, manifests hash to the announced subjects, quotes to the announced price ids. Throws MarketError `REGISTRATION_REFUSED`.
 */
export function verifyRegistration(
  documents: RegistrationDocuments,
  { domain, now }: { domain: Domain; now: number },
): Registration {
  const certificate = verifyCertificate(documents.certificate, domain, now);
  const { root, key } = certificate.certificate;
  const announcement = verifySigned(announcementDocument, documents.announcement, domain, key, "announcement");
  checkAnnouncement(announcement, root, now);
  refuseUnless(documents.offers.length === announcement.subjects.length, "announcement", "not one offer per subject");
  return {
    provider: root,
    name: announcement.name,
    region: announcement.region,
    endpoint: announcement.endpoint,
    capacity: Number(announcement.capacity),
    sequence: announcement.sequence,
    expiresAt: timeFromUint64(announcement.expiresAt),
    announcementId: documentId(announcementDocument, announcement, domain),
    announcement: documents.announcement,
    certificate,
    offers: documents.offers.map((offer, place) => {
      const expected = { subject: announcement.subjects[place], priceId: announcement.prices[place], root, key };
      return verifyOffer(offer, expected, { domain, now });
    }),
  };
}

function verifyCertificate(bytes: DocumentBytes, domain: Domain, now: number): ServingCertificate {
  const { document: certificate, signature } = decode(certificateDocument, bytes, "certificate");
  const signed = isSignedBy(
    certificateDocument,
    { document: certificate, signature },
    { domain, expected: certificate.root },
  );
  refuseUnless(signed, "certificate", "not signed by its root");
  refuseUnless(
    certifies(certificate, { purpose: "serving", at: BigInt(now) }),
    "certificate",
    "not valid for serving now",
  );
  return { id: documentId(certificateDocument, certificate, domain), certificate, bytes };
}

function checkAnnouncement(announcement: Announcement, root: Address, now: number): void {
  const { capacity, issuedAt, expiresAt } = announcement;
  refuseUnless(announcement.provider === root, "announcement", "of another provider");
  refuseUnless(issuedAt <= BigInt(now) + clockSkewMs, "announcement", "issued in the future");
  refuseUnless(expiresAt > BigInt(now), "announcement", "expired");
  refuseUnless(capacity >= 1n && capacity <= capacityMax, "announcement", "capacity not from 1 to 100000");
}

function verifyOffer(
  { manifest, quote: quoteBytes }: RegistrationDocuments["offers"][number],
  expected: { subject: Hex | undefined; priceId: Hex | undefined; root: Address; key: Address },
  { domain, now }: { domain: Domain; now: number },
): Offer {
  const quote = verifySigned(quoteDocument, quoteBytes, domain, expected.key, "quote");
  const priceId = documentId(quoteDocument, quote, domain);
  refuseUnless(priceId === expected.priceId, "quote", "not the announced price");
  refuseUnless(quote.provider === expected.root, "quote", "of another provider");
  refuseUnless(quote.subject === expected.subject, "quote", "of another subject");
  refuseUnless(quote.validUntil > BigInt(now), "quote", "expired");
  refuseUnless(isChargeable(quote), "quote", "prices that no receipt can charge");
  refuseUnless(manifest.length <= manifestBytesMax, "manifest", "too large");
  const hash = bytesToHex(createHash("sha256").update(manifest).digest());
  refuseUnless(hash === expected.subject, "manifest", "does not hash to the announced subject");
  return attempt("manifest", () => {
    refuseUnless(Buffer.compare(manifestBytes(parseManifest(manifest)), manifest) === 0, "manifest", "not canonical");
    return createOffer({ manifest, quote, quoteBytes, priceId });
  });
}

// More units than any request can have: no request body is near 2^40 bytes, and output units are a uint32 in a request.
const unitsBeyondAll = { inputUnits: 1n << 40n, outputUnits: 1n << 40n };

/** True when the fee of every possible request fits a receipt, so that no fee has to be guarded later. */
function isChargeable(quote: Quote): boolean {
  try {
    quoteFee(quote, unitsBeyondAll);
    return true;
  } catch (error) {
    if (error instanceof ReceiptsError) return false;
    throw error;
  }
}

function verifySigned<V extends object>(
  type: DocumentType<V>,
  bytes: DocumentBytes,
  domain: Domain,
  expected: Address,
  part: Part,
): V {
  const signed = decode(type, bytes, part);
  refuseUnless(isSignedBy(type, signed, { domain, expected }), part, "not signed by the certified key");
  return signed.document;
}

function decode<V extends object>(type: DocumentType<V>, bytes: DocumentBytes, part: Part) {
  return attempt(part, () => decodeDocument(type, bytes));
}

function attempt<T>(part: Part, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof DomainError) || cause instanceof MarketError) throw cause;
    throw new MarketError({ code: "REGISTRATION_REFUSED", part, reason: cause.message }, { cause });
  }
}

function refuseUnless(holds: boolean, part: Part, reason: string): asserts holds {
  if (!holds) throw new MarketError({ code: "REGISTRATION_REFUSED", part, reason });
}
