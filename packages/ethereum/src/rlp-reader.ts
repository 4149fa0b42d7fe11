import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import { EthereumError } from "./fault.ts";

const scratch = new Uint8Array(32);
const scratchView = new DataView(scratch.buffer);
const noBytes = new Uint8Array(0);

/**
 * Reads the items of an RLP encoding one after the other without building a tree: what decoders of known shapes use.
 * Every method throws EthereumError; nothing but the minimal encoding of an item passes.
 */
export class RlpReader {
  private readonly source: Uint8Array;
  private readonly end: number;
  private position: number;
  private payloadEnd = 0;

  /** Reads from `start` up to `end`; both are byte offsets into `source`. */
  constructor(source: Uint8Array, start = 0, end = source.length) {
    this.source = source;
    this.position = start;
    this.end = end;
  }

  /** True when all items were read. */
  isDone(): boolean {
    return this.position >= this.end;
  }

  /** Byte offset of the next item in the source. */
  offset(): number {
    return this.position;
  }

  /** Throws `RLP_TRAILING_BYTES` unless all items were read. */
  finish(): void {
    if (!this.isDone()) throw new EthereumError({ code: "RLP_TRAILING_BYTES", offset: this.position });
  }

  /** True when the next item is a list; throws `RLP_TRUNCATED` when there is none. */
  nextIsList(): boolean {
    return this.firstByte() >= 0xc0;
  }

  /** Steps over the next item, a list, and gives a reader of its items. */
  list(): RlpReader {
    const offset = this.position;
    if (this.firstByte() < 0xc0) throw new EthereumError({ code: "RLP_WRONG_KIND", offset, expected: "list" });
    const start = this.enter(0xc0);
    this.position = this.payloadEnd;
    return new RlpReader(this.source, start, this.payloadEnd);
  }

  /** Steps over the next item, whatever it is, and gives its whole encoding as a view; what a list holds is not looked at. */
  raw(): Uint8Array {
    const offset = this.position;
    this.skip();
    return this.source.subarray(offset, this.payloadEnd);
  }

  /** Steps over the next item, whatever it is; what a list holds is not looked at. */
  skip(): void {
    this.enter(this.firstByte() < 0xc0 ? 0x80 : 0xc0);
    this.position = this.payloadEnd;
  }

  /** The next item, a string, as a view. */
  bytes(): Uint8Array {
    const start = this.enterString();
    return start === this.payloadEnd ? noBytes : this.source.subarray(start, this.payloadEnd);
  }

  /** The next item, a string of exactly `length` bytes, as a view. */
  fixedBytes(length: number): Uint8Array {
    const start = this.enterFixed(length);
    return this.source.subarray(start, start + length);
  }

  /** The next item, a string of exactly `length` bytes, as hex. */
  hex(length: number): Hex {
    return bytesToHex(this.fixedBytes(length));
  }

  /** The next item, a string of 32 bytes, as a big-endian integer. */
  word(): bigint {
    return this.bigint(this.enterFixed(32), 32);
  }

  /** The next item, a scalar of at most `lengthMax` bytes (32 or less) without leading zeros. */
  integer(lengthMax: number): bigint {
    const offset = this.position;
    const start = this.enterString();
    const length = this.payloadEnd - start;
    if (length > lengthMax) {
      throw new EthereumError({ code: "RLP_INTEGER_TOO_LARGE", offset, limit: lengthMax, length });
    }
    if (length > 0 && this.source[start] === 0) throw new EthereumError({ code: "RLP_NOT_CANONICAL", offset });
    return this.bigint(start, length);
  }

  private bigint(start: number, length: number): bigint {
    if (length <= 6) {
      let value = 0;
      for (let index = 0; index < length; index++) value = value * 256 + (this.source[start + index] as number);
      return BigInt(value);
    }
    scratch.fill(0);
    for (let index = 0; index < length; index++) scratch[32 - length + index] = this.source[start + index] as number;
    const low = scratchView.getBigUint64(24);
    if (length <= 8) return low;
    const middle = (scratchView.getBigUint64(16) << 64n) | low;
    if (length <= 16) return middle;
    return (((scratchView.getBigUint64(0) << 64n) | scratchView.getBigUint64(8)) << 128n) | middle;
  }

  private firstByte(): number {
    if (this.position >= this.end) throw this.truncated();
    return this.source[this.position] as number;
  }

  private enterString(): number {
    const offset = this.position;
    const first = this.firstByte();
    if (first >= 0xc0) throw new EthereumError({ code: "RLP_WRONG_KIND", offset, expected: "string" });
    const start = this.enter(0x80);
    this.position = this.payloadEnd;
    return start;
  }

  private enterFixed(expected: number): number {
    const offset = this.position;
    const start = this.enterString();
    const length = this.payloadEnd - start;
    if (length !== expected) throw new EthereumError({ code: "RLP_WRONG_LENGTH", offset, expected, length });
    return start;
  }

  /** Checks the prefix of the item at `position`, sets `payloadEnd`, gives the payload's start. */
  private enter(base: 0x80 | 0xc0): number {
    const offset = this.position;
    const first = this.source[offset] as number;
    if (first < 0x80) {
      this.payloadEnd = offset + 1;
      return offset;
    }
    const short = first - base;
    const start = short < 56 ? offset + 1 : offset + 1 + (short - 55);
    const length = short < 56 ? short : this.longLength(offset, short - 55);
    // No item of this machine's memory is as long as 2^53, where numbers stop being exact.
    if (start + length > this.end) throw this.truncated();
    if (base === 0x80 && length === 1 && (this.source[start] as number) < 0x80) throw notCanonical(offset);
    this.payloadEnd = start + length;
    return start;
  }

  private longLength(offset: number, lengthBytes: number): number {
    if (offset + 1 + lengthBytes > this.end) throw this.truncated();
    if (this.source[offset + 1] === 0) throw notCanonical(offset);
    let length = 0;
    for (let index = 1; index <= lengthBytes; index++) length = length * 256 + (this.source[offset + index] as number);
    if (length < 56) throw notCanonical(offset);
    return length;
  }

  private truncated(): EthereumError {
    return new EthereumError({ code: "RLP_TRUNCATED", offset: this.position });
  }
}

function notCanonical(offset: number): EthereumError {
  return new EthereumError({ code: "RLP_NOT_CANONICAL", offset });
}
