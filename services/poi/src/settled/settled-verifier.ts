import { createHash } from "node:crypto";
import { SettledReceipt } from "@koinon/contracts/koinon/compute/v1/market_service";
import type { SignedDocument } from "@koinon/contracts/koinon/receipt/v1/receipt";
import { checkCertificate, checkQuote, checkReceipt } from "@koinon/contributions/receipt-rules";
import type { Domain } from "@koinon/eip712/domain";
import type { KeyCertificate } from "@koinon/receipts/certificate";
import type { Quote } from "@koinon/receipts/quote";
import type { Receipt } from "@koinon/receipts/receipt";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import { BoundedCache } from "./bounded-cache.ts";
import {
  certificateKind,
  type LoggableDocument,
  type LoggableKind,
  quoteKind,
  readLoggable,
  receiptKind,
  type Unreadable,
} from "./loggable-document.ts";
import type { Refusal, RefusalReason } from "./refusal.ts";

/** A receipt that keeps every rule but the session's, with the documents it relies on. */
export interface LoggableReceipt extends LoggableDocument<Receipt> {
  readonly quote: LoggableDocument<Quote>;
  readonly certificate: LoggableDocument<KeyCertificate>;
  /** The event it came in. */
  readonly payload: Uint8Array;
}

/** What verifying an event comes to. */
export type SettledVerdict =
  | { readonly kind: "loggable"; readonly receipt: LoggableReceipt }
  | { readonly kind: "refused"; readonly refusal: Refusal };

// Clocks of different parties differ by up to this much; the bundle verifier allows the same.
const clockSkewMs = 300_000n;
// A provider has a handful of certificates and one quote a model; what falls out is recovered again.
const cachedMax = 4_096;
const detailLengthMax = 500;
// Far more than any genuine event; what is refused is kept only so that somebody can look at it.
const keptPayloadBytesMax = 16_384;

/** Verifies events of the market: certificate, quote and receipt with their signatures, fee and times. Believes nothing that is not signed. */
export class SettledVerifier {
  readonly #domain: Domain;
  readonly #clock: { now(): number };
  readonly #quotes = new BoundedCache<string, LoggableDocument<Quote>>(cachedMax);
  readonly #certificates = new BoundedCache<string, LoggableDocument<KeyCertificate>>(cachedMax);

  constructor(options: { domain: Domain }, dependencies: { clock: { now(): number } }) {
    this.#domain = options.domain;
    this.#clock = dependencies.clock;
  }

  /** Never throws: what can not be verified is refused with its reason. */
  verify(payload: Uint8Array): SettledVerdict {
    const event = decodeEvent(payload);
    if (event === undefined) return refused(digestOf(payload), "EVENT_MALFORMED", "", payload);
    const receipt = readLoggable(receiptKind, event.receipt, this.#domain);
    if ("reason" in receipt) return refused(digestOf(payload), receipt.reason, receipt.detail, payload);
    const certificate = this.#readOnce(this.#certificates, certificateKind, event.certificate);
    if ("reason" in certificate) return refused(receipt.id, certificate.reason, certificate.detail, payload);
    const quote = this.#readOnce(this.#quotes, quoteKind, event.quote);
    if ("reason" in quote) return refused(receipt.id, quote.reason, quote.detail, payload);
    const broken =
      checkCertificate(certificate) ??
      checkQuote(quote, certificate.document) ??
      checkReceipt(receipt, certificate.document, quote) ??
      this.#checkTime(receipt.document);
    if (broken !== undefined) return refused(receipt.id, broken, "", payload);
    return { kind: "loggable", receipt: { ...receipt, quote, certificate, payload } };
  }

  #checkTime({ finishedAt }: Receipt): "RECEIPT_FROM_FUTURE" | undefined {
    return finishedAt > BigInt(this.#clock.now()) + clockSkewMs ? "RECEIPT_FROM_FUTURE" : undefined;
  }

  #readOnce<V extends object>(
    cache: BoundedCache<string, LoggableDocument<V>>,
    kind: LoggableKind<V>,
    bytes: SignedDocument,
  ): LoggableDocument<V> | Unreadable {
    const key = `${latin1(bytes.content)}${latin1(bytes.signature)}`;
    const known = cache.get(key);
    if (known !== undefined) return known;
    const read = readLoggable(kind, bytes, this.#domain);
    if (!("reason" in read)) cache.set(key, read);
    return read;
  }
}

function refused(id: Hex, reason: RefusalReason, detail: string, payload: Uint8Array): SettledVerdict {
  const kept = { detail: detail.slice(0, detailLengthMax), payload: payload.subarray(0, keptPayloadBytesMax) };
  return { kind: "refused", refusal: { id, reason, ...kept } };
}

interface SettledDocuments {
  readonly receipt: SignedDocument;
  readonly quote: SignedDocument;
  readonly certificate: SignedDocument;
}

function decodeEvent(payload: Uint8Array): SettledDocuments | undefined {
  try {
    const { receipt, quote, certificate } = SettledReceipt.decode(payload);
    return receipt && quote && certificate ? { receipt, quote, certificate } : undefined;
  } catch {
    // The protobuf reader throws errors of several kinds.
    return undefined;
  }
}

function digestOf(payload: Uint8Array): Hex {
  return bytesToHex(createHash("sha256").update(payload).digest());
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}
