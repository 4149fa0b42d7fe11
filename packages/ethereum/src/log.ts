import type { Address } from "@koinon/secp256k1/address";
import { bytesToHex, type Hex, hexToBytes, writeHex } from "@koinon/secp256k1/hex";
import { type EncodedRlp, type RlpInput, rlpLength, writeRlpPrefix } from "./rlp.ts";
import { RlpReader } from "./rlp-reader.ts";

/** What a contract logged. */
export interface Log {
  readonly address: Address;
  /** At most four, 32 bytes each. */
  readonly topics: readonly Hex[];
  readonly data: Uint8Array;
}

/**
 * A log as its RLP, an array of address, topics and data: roots and disk take it in that form, and hardly any log is looked at
 * before its block is on disk. It lies in a piece of memory with others, see `LogWriter`.
 */
export class EncodedLog implements Log, EncodedRlp {
  readonly address: Address;
  private readonly topicCount: number;
  private readonly piece: Uint8Array;
  private readonly start: number;
  private readonly end: number;

  constructor(address: Address, topicCount: number, { piece, start, end }: WrittenLog) {
    this.address = address;
    this.topicCount = topicCount;
    this.piece = piece;
    this.start = start;
    this.end = end;
  }

  get encodedLength(): number {
    return this.end - this.start;
  }

  writeEncoded(target: Uint8Array, offset: number): void {
    target.set(this.piece.subarray(this.start, this.end), offset);
  }

  get topics(): Hex[] {
    return this.topicBytes().map(bytesToHex);
  }

  get data(): Uint8Array {
    const fields = new RlpReader(this.piece.subarray(this.start, this.end)).list();
    fields.raw();
    fields.raw();
    return fields.bytes();
  }

  /** The topics as views. */
  topicBytes(): Uint8Array[] {
    const topics: Uint8Array[] = [];
    // Behind the prefix of the log, the address with its prefix, and the prefixes of the list and of its first topic.
    let at = this.start + this.prefixBytes() + addressItemBytes + (this.topicCount < 2 ? 1 : 2) + 1;
    for (let index = 0; index < this.topicCount; index++, at += topicItemBytes)
      topics.push(this.piece.subarray(at, at + topicBytes));
    return topics;
  }

  private prefixBytes(): number {
    const prefix = this.piece[this.start] as number;
    return prefix <= 0xf7 ? 1 : 1 + prefix - 0xf7;
  }
}

interface WrittenLog {
  readonly piece: Uint8Array;
  readonly start: number;
  readonly end: number;
}

const topicBytes = 32;
const topicItemBytes = 1 + topicBytes;
const addressItemBytes = 21;

/** Writes logs one behind another into pieces of memory, which live as long as any of their logs. */
export class LogWriter {
  private readonly pieceBytes: number;
  private piece: Uint8Array;
  private used = 0;

  constructor(pieceBytes = 65_536) {
    this.pieceBytes = pieceBytes;
    this.piece = new Uint8Array(pieceBytes);
  }

  /** `topics` are 32 bytes each; all bytes are copied. */
  write(address: Address, topics: readonly Uint8Array[], data: Uint8Array): EncodedLog {
    const topicsLength = topicItemBytes * topics.length;
    const isOwnEncoding = data.length === 1 && (data[0] as number) < 0x80;
    const length = addressItemBytes + rlpLength(topicsLength) + (isOwnEncoding ? 1 : rlpLength(data.length));
    const start = this.reserve(rlpLength(length));
    const { piece } = this;
    let at = writeRlpPrefix(piece, start, 0xc0, length);
    at = writeRlpPrefix(piece, at, 0x80, addressItemBytes - 1);
    writeHex(address, piece, at, addressItemBytes - 1);
    at = writeRlpPrefix(piece, at + addressItemBytes - 1, 0xc0, topicsLength);
    for (const topic of topics) {
      piece[at] = 0x80 + topicBytes;
      piece.set(topic, at + 1);
      at += topicItemBytes;
    }
    if (!isOwnEncoding) at = writeRlpPrefix(piece, at, 0x80, data.length);
    piece.set(data, at);
    return new EncodedLog(address, topics.length, { piece, start, end: at + data.length });
  }

  private reserve(length: number): number {
    if (this.used + length > this.piece.length) {
      this.piece = new Uint8Array(Math.max(this.pieceBytes, length));
      this.used = 0;
    }
    const start = this.used;
    this.used += length;
    return start;
  }
}

/** The topics of a log as bytes. */
export function topicsOf(log: Log): Uint8Array[] {
  return log instanceof EncodedLog ? log.topicBytes() : log.topics.map(hexToBytes);
}

/** A log as an item of RLP: a list of address, topics and data. */
export function logItem(log: Log): RlpInput {
  return log instanceof EncodedLog ? log : [log.address, log.topics, log.data];
}
