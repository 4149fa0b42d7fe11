import { type Hex, writeHex } from "@koinon/secp256k1/hex";
import { EthereumError } from "./fault.ts";
import { RlpReader } from "./rlp-reader.ts";

/**
 * What `encodeRlp` takes: bytes as such, hex text as the bytes it writes, numbers and bigints as scalars, arrays as lists, and
 * as it is what is encoded already.
 */
export type RlpInput = RlpString | EncodedRlp | readonly RlpInput[];

type RlpString = Uint8Array | Hex | bigint | number;

/** An item that is encoded already. */
export interface EncodedRlp {
  readonly encodedLength: number;
  writeEncoded(target: Uint8Array, offset: number): void;
}

/** What `decodeRlp` gives: strings as views into the input, lists as arrays. */
export type RlpItem = Uint8Array | readonly RlpItem[];

/** Bounds on what `decodeRlp` accepts. */
export interface RlpLimits {
  /** Lists inside lists. */
  readonly depthMax: number;
  readonly sizeBytesMax: number;
}

const defaultLimits: RlpLimits = { depthMax: 64, sizeBytesMax: 32 * 1024 * 1024 };

/**
 * Decodes exactly one item (yellow paper, appendix B). Every length must be minimal and every byte used; throws EthereumError
 * `RLP_TRUNCATED`, `RLP_NOT_CANONICAL`, `RLP_TRAILING_BYTES`, `RLP_TOO_DEEP` or `RLP_TOO_LARGE`.
 */
export function decodeRlp(bytes: Uint8Array, limits: RlpLimits = defaultLimits): RlpItem {
  if (bytes.length > limits.sizeBytesMax) {
    throw new EthereumError({ code: "RLP_TOO_LARGE", length: bytes.length, limit: limits.sizeBytesMax });
  }
  const reader = new RlpReader(bytes);
  const item = decodeItem(reader, 0, limits.depthMax);
  reader.finish();
  return item;
}

function decodeItem(reader: RlpReader, depth: number, depthMax: number): RlpItem {
  if (!reader.nextIsList()) return reader.bytes();
  if (depth >= depthMax) throw new EthereumError({ code: "RLP_TOO_DEEP", depth: depth + 1 });
  const list = reader.list();
  const items: RlpItem[] = [];
  while (!list.isDone()) items.push(decodeItem(list, depth + 1, depthMax));
  return items;
}

/** Gives so many bytes to be written. */
export type AllocateBytes = (length: number) => Uint8Array;

const allocateOwn: AllocateBytes = (length) => new Uint8Array(length);

/** Encodes an item (yellow paper, appendix B), with `prefix` (an EIP-2718 type byte) in front of it when given. */
export function encodeRlp(item: RlpInput, prefix?: number, allocate: AllocateBytes = allocateOwn): Uint8Array {
  // Payload lengths of lists in the order in which they are visited, so that writing need not measure again.
  const listLengths: number[] = [];
  const start = prefix === undefined ? 0 : 1;
  const bytes = allocate(start + measure(item, listLengths));
  if (prefix !== undefined) bytes[0] = prefix;
  new RlpWriter(bytes, start, listLengths).write(item);
  return bytes;
}

/** A list of items that are encoded already. */
export function encodeRlpList(encodedItems: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const item of encodedItems) length += item.length;
  const bytes = new Uint8Array(rlpLength(length));
  let offset = bytes.length - length;
  new RlpWriter(bytes, 0, [length]).write([]);
  for (const item of encodedItems) {
    bytes.set(item, offset);
    offset += item.length;
  }
  return bytes;
}

/** Length in bytes of a string or list with a payload this long, its prefix included; no single bytes below 0x80. */
export function rlpLength(payloadLength: number): number {
  return payloadLength + (payloadLength < 56 ? 1 : 1 + byteLength(payloadLength));
}

function measure(item: RlpInput, listLengths: number[]): number {
  if (typeof item === "object" && !(item instanceof Uint8Array)) {
    if ("encodedLength" in item) return item.encodedLength;
    const index = listLengths.push(0) - 1;
    let length = 0;
    for (const child of item) length += measure(child, listLengths);
    listLengths[index] = length;
    return rlpLength(length);
  }
  const length = stringLength(item);
  return length === 1 && singleByte(item) < 0x80 ? 1 : rlpLength(length);
}

function stringLength(item: RlpString): number {
  switch (typeof item) {
    case "bigint":
      return bigintLength(item);
    case "number":
      return byteLength(item);
    case "string":
      return (item.length - 2) >> 1;
    default:
      return item.length;
  }
}

function singleByte(item: RlpString): number {
  if (typeof item === "object") return item[0] as number;
  return Number(item);
}

function byteLength(value: number): number {
  let length = 0;
  for (let rest = value; rest >= 1; rest /= 256) length++;
  return length;
}

function bigintLength(value: bigint): number {
  if (value <= 0xffff_ffff_ffffn) return byteLength(Number(value));
  return (value.toString(16).length + 1) >> 1;
}

/** Writes what stands before the payload of a string (`base` 0x80) or list (0xc0) and answers where that begins. */
export function writeRlpPrefix(target: Uint8Array, offset: number, base: 0x80 | 0xc0, payloadLength: number): number {
  if (payloadLength < 56) {
    target[offset] = base + payloadLength;
    return offset + 1;
  }
  const lengthBytes = byteLength(payloadLength);
  target[offset] = base + 55 + lengthBytes;
  writeNumber(payloadLength, lengthBytes, target, offset + 1);
  return offset + 1 + lengthBytes;
}

function writeNumber(value: number, length: number, target: Uint8Array, offset: number): void {
  let rest = value;
  for (let index = length - 1; index >= 0; index--) {
    target[offset + index] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}

class RlpWriter {
  private readonly target: Uint8Array;
  private readonly listLengths: readonly number[];
  private offset: number;
  private listsWritten = 0;

  constructor(target: Uint8Array, offset: number, listLengths: readonly number[]) {
    this.target = target;
    this.offset = offset;
    this.listLengths = listLengths;
  }

  write(item: RlpInput): void {
    if (typeof item === "object" && !(item instanceof Uint8Array)) {
      if ("encodedLength" in item) this.writeEncoded(item);
      else this.writeList(item);
      return;
    }
    const length = stringLength(item);
    if (length !== 1 || singleByte(item) >= 0x80) this.writePrefix(0x80, length);
    this.writePayload(item, length);
    this.offset += length;
  }

  private writeList(items: readonly RlpInput[]): void {
    this.writePrefix(0xc0, this.listLengths[this.listsWritten++] as number);
    for (const item of items) this.write(item);
  }

  private writeEncoded(item: EncodedRlp): void {
    item.writeEncoded(this.target, this.offset);
    this.offset += item.encodedLength;
  }

  private writePrefix(base: 0x80 | 0xc0, length: number): void {
    this.offset = writeRlpPrefix(this.target, this.offset, base, length);
  }

  private writePayload(item: RlpString, length: number): void {
    switch (typeof item) {
      case "bigint":
        if (length <= 6) writeNumber(Number(item), length, this.target, this.offset);
        else this.writeBigint(item, length);
        return;
      case "number":
        writeNumber(item, length, this.target, this.offset);
        return;
      case "string":
        writeHex(item, this.target, this.offset, length);
        return;
      default:
        this.target.set(item, this.offset);
    }
  }

  private writeBigint(value: bigint, length: number): void {
    let rest = value;
    let end = this.offset + length;
    // Six bytes at a time, the most that a number shifts without loss.
    while (end > this.offset) {
      let part = Number(BigInt.asUintN(48, rest));
      for (let index = 0; index < 6 && end > this.offset; index++) {
        this.target[--end] = part % 256;
        part = Math.floor(part / 256);
      }
      rest >>= 48n;
    }
  }
}
