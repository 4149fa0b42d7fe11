import type { KeyCertificate } from "@koinon/receipts/certificate";
import type { DocumentBytes } from "@koinon/receipts/document";
import { parseManifest } from "@koinon/receipts/manifest";
import type { Quote } from "@koinon/receipts/quote";
import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";

/** The certificate of a serving key, verified. */
export interface ServingCertificate {
  /** Its EIP-712 digest. */
  readonly id: Hex;
  readonly certificate: KeyCertificate;
  readonly bytes: DocumentBytes;
}

/** One model of one provider under one signed quote, verified. Times are ms since the epoch. */
export interface Offer {
  /** Manifest hash: the model id. */
  readonly subject: Hex;
  readonly model: string;
  readonly kind: "chat" | "embedding";
  readonly contextTokens: number;
  /** RFC 8785 bytes. */
  readonly manifest: Uint8Array;
  /** Digest of the quote. */
  readonly priceId: Hex;
  readonly terms: Quote;
  readonly validFrom: number;
  /** The quote holds until just before this moment. */
  readonly validUntil: number;
  readonly quote: DocumentBytes;
}

/** What a provider announced, verified from its root key down to each price. Times are ms since the epoch. */
export interface Registration {
  /** Root address. */
  readonly provider: Address;
  readonly name: string;
  readonly region: string;
  readonly endpoint: string;
  /** Requests it serves at once. */
  readonly capacity: number;
  readonly sequence: bigint;
  readonly expiresAt: number;
  /** Digest of the announcement. */
  readonly announcementId: Hex;
  readonly announcement: DocumentBytes;
  readonly certificate: ServingCertificate;
  readonly offers: readonly Offer[];
}

/** A registration as it comes in. */
export interface RegistrationDocuments {
  readonly certificate: DocumentBytes;
  readonly announcement: DocumentBytes;
  /** In the order of the announcement's subjects and prices. */
  readonly offers: readonly { readonly manifest: Uint8Array; readonly quote: DocumentBytes }[];
}

/** Puts an offer together from documents that have been verified; throws JsonError or ReceiptsError for a malformed manifest. */
export function createOffer(parts: {
  manifest: Uint8Array;
  quote: Quote;
  quoteBytes: DocumentBytes;
  priceId: Hex;
}): Offer {
  const { name, kind, contextTokens } = parseManifest(parts.manifest);
  return {
    subject: parts.quote.subject,
    model: name,
    kind,
    contextTokens,
    manifest: parts.manifest,
    priceId: parts.priceId,
    terms: parts.quote,
    validFrom: timeFromUint64(parts.quote.validFrom),
    validUntil: timeFromUint64(parts.quote.validUntil),
    quote: parts.quoteBytes,
  };
}

/** A signed time as a number. "For ever" may be written as the largest uint64; what a double does not hold exactly is as good as that. */
export function timeFromUint64(time: bigint): number {
  return Math.min(Number(time), Number.MAX_SAFE_INTEGER);
}
