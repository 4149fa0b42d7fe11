import type { SignedDocument } from "@koinon/contracts/koinon/receipt/v1/receipt";
import type { Domain } from "@koinon/eip712/domain";
import { certificateDocument, type KeyCertificate } from "@koinon/receipts/certificate";
import { type DocumentType, decodeDocument, documentId, type Signed } from "@koinon/receipts/document";
import { encodeLogEntry } from "@koinon/receipts/log-entry";
import { type Quote, quoteDocument } from "@koinon/receipts/quote";
import { type Receipt, receiptDocument } from "@koinon/receipts/receipt";
import { recoverSigner } from "@koinon/receipts/signer-memory";
import type { Address } from "@koinon/secp256k1/address";
import { type Hex, hexToBytes } from "@koinon/secp256k1/hex";

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
  readonly name: string;
  readonly type: DocumentType<V>;
  encodeEntry(signed: Signed<V>): Uint8Array;
}

export const certificateKind: LoggableKind<KeyCertificate> = {
  name: "certificate",
  type: certificateDocument,
  encodeEntry: (signed) => encodeLogEntry({ type: "certificate", signed }),
};

export const quoteKind: LoggableKind<Quote> = {
  name: "quote",
  type: quoteDocument,
  encodeEntry: (signed) => encodeLogEntry({ type: "quote", signed }),
};

export const receiptKind: LoggableKind<Receipt> = {
  name: "receipt",
  type: receiptDocument,
  encodeEntry: (signed) => encodeLogEntry({ type: "receipt", signed }),
};

/** Reads a document from the wire and finds out who signed it; whether that one may is for the rules. */
export function readLoggable<V extends object>(
  kind: LoggableKind<V>,
  bytes: SignedDocument,
  domain: Domain,
): LoggableDocument<V> | Unreadable {
  let signed: Signed<V>;
  try {
    signed = decodeDocument(kind.type, bytes);
  } catch (error) {
    return { reason: "DOCUMENT_MALFORMED", detail: `${kind.name}: ${String(error)}` };
  }
  const id = documentId(kind.type, signed.document, domain);
  try {
    const signer = recoverSigner(hexToBytes(id), bytes.signature);
    return { id, document: signed.document, signer, entry: kind.encodeEntry(signed) };
  } catch (error) {
    return { reason: "SIGNATURE_MALFORMED", detail: `${kind.name}: ${String(error)}` };
  }
}
