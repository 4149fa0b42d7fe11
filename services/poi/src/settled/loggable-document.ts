import type { SignedDocument } from "@koinon/contracts/koinon/receipt/v1/receipt";
import type { Domain } from "@koinon/eip712/domain";
import { certificateDocument, type KeyCertificate } from "@koinon/receipts/certificate";
import { contentDigest, type DocumentType, decodeDocument } from "@koinon/receipts/document";
import { frameLogEntry, type LogEntry } from "@koinon/receipts/log-entry";
import { type Quote, quoteDocument } from "@koinon/receipts/quote";
import { type Receipt, receiptDocument } from "@koinon/receipts/receipt";
import { recoverSigner } from "@koinon/receipts/signer-memory";
import type { Address } from "@koinon/secp256k1/address";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";

/** A document whose signer is known, ready to be an entry. */
export interface LoggableDocument<V> {
  readonly id: Hex;
  readonly document: V;
  readonly signer: Address;
  /** Bytes of the log entry. */
  readonly entry: Uint8Array;
}

/** A document that can not be read, and why. */
export interface Unreadable {
  readonly reason: "DOCUMENT_MALFORMED" | "SIGNATURE_MALFORMED";
  readonly detail: string;
}

/** A kind of document that the log holds. */
export interface LoggableKind<V extends object> {
  readonly name: LogEntry["type"];
  readonly type: DocumentType<V>;
}

export const certificateKind: LoggableKind<KeyCertificate> = {
  name: "certificate",
  type: certificateDocument,
};

export const quoteKind: LoggableKind<Quote> = {
  name: "quote",
  type: quoteDocument,
};

export const receiptKind: LoggableKind<Receipt> = {
  name: "receipt",
  type: receiptDocument,
};

/** Reads a document from the wire and finds out who signed it; whether that one may is for the rules. */
export function readLoggable<V extends object>(
  kind: LoggableKind<V>,
  bytes: SignedDocument,
  domain: Domain,
): LoggableDocument<V> | Unreadable {
  let document: V;
  try {
    document = decodeDocument(kind.type, bytes).document;
  } catch (error) {
    return { reason: "DOCUMENT_MALFORMED", detail: `${kind.name}: ${String(error)}` };
  }
  const digest = contentDigest(kind.type, bytes.content, domain);
  try {
    const signer = recoverSigner(digest, bytes.signature);
    return { id: bytesToHex(digest), document, signer, entry: frameLogEntry(kind.name, bytes) };
  } catch (error) {
    return { reason: "SIGNATURE_MALFORMED", detail: `${kind.name}: ${String(error)}` };
  }
}
