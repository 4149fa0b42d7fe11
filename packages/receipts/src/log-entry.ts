import { certificateDocument, type KeyCertificate } from "./certificate.ts";
import { type DocumentBytes, decodeDocument, encodeDocument, type Signed } from "./document.ts";
import { assertRule } from "./fault.ts";
import { type Quote, quoteDocument } from "./quote.ts";
import { type Receipt, receiptDocument } from "./receipt.ts";

/** One entry of the contribution log. */
export type LogEntry =
  | { readonly type: "certificate"; readonly signed: Signed<KeyCertificate> }
  | { readonly type: "quote"; readonly signed: Signed<Quote> }
  | { readonly type: "receipt"; readonly signed: Signed<Receipt> };

/** The first byte of an entry. */
const typeBytes = { certificate: 0x01, quote: 0x02, receipt: 0x03 } as const;
const headerBytes = 5;
const signatureBytes = 65;

/** C2SP tlog-tiles gives the length of an entry 16 bits. */
export const logEntryBytesMax = 65_535;

/** The entry's bytes: type, 4-byte big-endian length of the canonical bytes, canonical bytes, signature. These are what the tree's leaf hashes. */
export function encodeLogEntry(entry: LogEntry): Uint8Array<ArrayBuffer> {
  return frame(typeBytes[entry.type], encodeSigned(entry));
}

/** The entry of a document whose canonical bytes are at hand. */
export function frameLogEntry(type: LogEntry["type"], bytes: DocumentBytes): Uint8Array<ArrayBuffer> {
  return frame(typeBytes[type], bytes);
}

/** Reads an entry; throws ReceiptsError or TypedDataError unless it is the canonical encoding of a document that keeps its rules. */
export function decodeLogEntry(bytes: Uint8Array): LogEntry {
  assertRule(bytes.length >= headerBytes + signatureBytes, "log-entry", "length", "too short");
  assertRule(bytes.length <= logEntryBytesMax, "log-entry", "length", "more than 65535 bytes");
  const contentBytes = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1);
  assertRule(bytes.length === headerBytes + contentBytes + signatureBytes, "log-entry", "length", "does not match");
  const document = {
    content: bytes.subarray(headerBytes, headerBytes + contentBytes),
    signature: bytes.subarray(headerBytes + contentBytes),
  };
  switch (bytes[0]) {
    case typeBytes.certificate:
      return { type: "certificate", signed: decodeDocument(certificateDocument, document) };
    case typeBytes.quote:
      return { type: "quote", signed: decodeDocument(quoteDocument, document) };
    case typeBytes.receipt:
      return { type: "receipt", signed: decodeDocument(receiptDocument, document) };
    default:
      assertRule(false, "log-entry", "type", "unknown");
  }
}

function encodeSigned(entry: LogEntry): DocumentBytes {
  switch (entry.type) {
    case "certificate":
      return encodeDocument(certificateDocument, entry.signed);
    case "quote":
      return encodeDocument(quoteDocument, entry.signed);
    case "receipt":
      return encodeDocument(receiptDocument, entry.signed);
  }
}

function frame(type: number, { content, signature }: DocumentBytes): Uint8Array<ArrayBuffer> {
  assertRule(signature.length === signatureBytes, "log-entry", "signature", "not 65 bytes");
  const bytes = new Uint8Array(headerBytes + content.length + signatureBytes);
  bytes[0] = type;
  new DataView(bytes.buffer).setUint32(1, content.length);
  bytes.set(content, headerBytes);
  bytes.set(signature, headerBytes + content.length);
  return bytes;
}
