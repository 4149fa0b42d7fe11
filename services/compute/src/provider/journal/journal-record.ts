import { crc32 } from "node:zlib";

/** A receipt with its openings, as kept and handed in. */
export interface JournaledReceipt {
  readonly receiptId: Buffer;
  readonly requestId: Buffer;
  readonly content: Uint8Array;
  readonly signature: Uint8Array;
  readonly inputBlinding: Uint8Array;
  readonly inputDigest: Uint8Array;
  readonly outputBlinding: Uint8Array;
  readonly outputDigest: Uint8Array;
}

/** Where a consumer's chain of receipts stands; `sequence` is that of the last receipt. */
export interface JournaledSession {
  readonly consumer: Buffer;
  readonly session: Buffer;
  readonly sequence: bigint;
  readonly receiptId: Buffer;
}

export type JournalRecord =
  | { readonly type: "receipt"; readonly receipt: JournaledReceipt; readonly session: JournaledSession }
  /** A receipt that waits, in a compacted file; it says nothing about its session. */
  | { readonly type: "pending"; readonly receipt: JournaledReceipt }
  | { readonly type: "settled"; readonly receiptId: Buffer }
  | { readonly type: "session"; readonly session: JournaledSession }
  | { readonly type: "session-ended"; readonly consumer: Buffer };

const headerBytes = 8;
const recordBytesMax = 64 * 1024;
const typeBytes = { receipt: 1, settled: 2, session: 3, "session-ended": 4, pending: 5 } as const;

/** One record: length and CRC-32 (4 bytes each, little-endian) of what follows, its type, its fields. */
export function encodeRecord(record: JournalRecord): Buffer {
  const head = Buffer.alloc(headerBytes + 1);
  head[headerBytes] = typeBytes[record.type];
  const bytes = Buffer.concat([head, ...fieldsOf(record)]);
  const body = bytes.subarray(headerBytes);
  bytes.writeUInt32LE(body.length, 0);
  bytes.writeUInt32LE(crc32(body), 4);
  return bytes;
}

/** Reads the record at an offset; undefined when the bytes there are not a whole, undamaged record. */
export function decodeRecord(bytes: Buffer, offset: number): { record: JournalRecord; end: number } | undefined {
  if (offset + headerBytes > bytes.length) return undefined;
  const length = bytes.readUInt32LE(offset);
  const start = offset + headerBytes;
  if (length === 0 || length > recordBytesMax || start + length > bytes.length) return undefined;
  const body = bytes.subarray(start, start + length);
  if (crc32(body) !== bytes.readUInt32LE(offset + 4)) return undefined;
  const record = decodeBody(body);
  return record === undefined ? undefined : { record, end: start + length };
}

function fieldsOf(record: JournalRecord): Uint8Array[] {
  switch (record.type) {
    case "receipt":
      return [...sessionFields(record.session), ...receiptFields(record.receipt)];
    case "pending":
      return [record.receipt.receiptId, ...receiptFields(record.receipt)];
    case "settled":
      return [record.receiptId];
    case "session":
      return sessionFields(record.session);
    case "session-ended":
      return [record.consumer];
  }
}

function receiptFields(receipt: JournaledReceipt): Uint8Array[] {
  const { requestId, signature, inputBlinding, inputDigest, outputBlinding, outputDigest, content } = receipt;
  return [requestId, signature, inputBlinding, inputDigest, outputBlinding, outputDigest, content];
}

function sessionFields({ consumer, session, sequence, receiptId }: JournaledSession): Uint8Array[] {
  const number = Buffer.alloc(8);
  number.writeBigUInt64LE(sequence);
  return [consumer, session, number, receiptId];
}

function decodeBody(body: Buffer): JournalRecord | undefined {
  const fields = new Fields(body.subarray(1));
  switch (body[0]) {
    case typeBytes.receipt: {
      const session = readSession(fields);
      return { type: "receipt", receipt: readReceipt(session.receiptId, fields), session };
    }
    case typeBytes.pending:
      return { type: "pending", receipt: readReceipt(fields.take(32), fields) };
    case typeBytes.settled:
      return { type: "settled", receiptId: fields.take(32) };
    case typeBytes.session:
      return { type: "session", session: readSession(fields) };
    case typeBytes["session-ended"]:
      return { type: "session-ended", consumer: fields.take(20) };
    default:
      return undefined;
  }
}

function readReceipt(receiptId: Buffer, fields: Fields): JournaledReceipt {
  const requestId = fields.take(32);
  const signature = fields.take(65);
  const [inputBlinding, inputDigest] = [fields.take(32), fields.take(32)];
  const [outputBlinding, outputDigest] = [fields.take(32), fields.take(32)];
  const openings = { inputBlinding, inputDigest, outputBlinding, outputDigest };
  return { receiptId, requestId, signature, ...openings, content: fields.rest() };
}

function readSession(fields: Fields): JournaledSession {
  const [consumer, session] = [fields.take(20), fields.take(32)];
  return { consumer, session, sequence: fields.take(8).readBigUInt64LE(), receiptId: fields.take(32) };
}

class Fields {
  #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  take(length: number): Buffer {
    const field = this.#bytes.subarray(0, length);
    this.#bytes = this.#bytes.subarray(length);
    return field;
  }

  rest(): Buffer {
    return this.#bytes;
  }
}
