import { crc32 } from "node:zlib";

/** Length and CRC-32 of what follows, four big-endian bytes each. */
const prefixBytes = 8;

/** Raw transactions as they stand in a journal, one behind the other. */
export function encodeRecords(raws: readonly Uint8Array[]): Buffer {
  let length = 0;
  for (const raw of raws) length += prefixBytes + raw.length;
  const records = Buffer.allocUnsafe(length);
  let at = 0;
  for (const raw of raws) {
    records.writeUInt32BE(raw.length, at);
    records.writeUInt32BE(crc32(raw), at + 4);
    records.set(raw, at + prefixBytes);
    at += prefixBytes + raw.length;
  }
  return records;
}

/** Reads records from pieces of a journal, and stops for good at the first that is damaged. */
export class RecordReader {
  readonly #recordBytesMax: number;
  #rest: Uint8Array = new Uint8Array(0);
  #isDamaged = false;

  /** A longer record than this counts as damage. */
  constructor(recordBytesMax: number) {
    this.#recordBytesMax = recordBytesMax;
  }

  /** True when a record was damaged, or the last one was cut off. */
  get isDamaged(): boolean {
    return this.#isDamaged || this.#rest.length > 0;
  }

  /** The whole records that are there with this piece. */
  read(piece: Uint8Array): Uint8Array[] {
    if (this.#isDamaged) return [];
    const bytes = Buffer.concat([this.#rest, piece]);
    const raws: Uint8Array[] = [];
    let at = 0;
    while (at + prefixBytes <= bytes.length) {
      const length = bytes.readUInt32BE(at);
      this.#isDamaged = length === 0 || length > this.#recordBytesMax;
      const end = at + prefixBytes + length;
      if (this.#isDamaged || end > bytes.length) break;
      const raw = bytes.subarray(at + prefixBytes, end);
      this.#isDamaged = crc32(raw) !== bytes.readUInt32BE(at + 4);
      if (this.#isDamaged) break;
      raws.push(raw);
      at = end;
    }
    this.#rest = bytes.subarray(at);
    return raws;
  }
}
