/** Where one RLP item lies within a buffer (yellow paper appendix B). */
export interface RlpItem {
  readonly isList: boolean;
  /** First byte of the item, its header included. */
  readonly start: number;
  /** First byte of the payload. */
  readonly payload: number;
  /** One past the last byte. */
  readonly end: number;
}

/** Reads the header at `start`; undefined when the item is not canonical or does not end by `limit`. */
export function readItem(bytes: Uint8Array, start: number, limit: number): RlpItem | undefined {
  if (start >= limit) return undefined;
  const prefix = bytes[start] as number;
  if (prefix < 0x80) return { isList: false, start, payload: start, end: start + 1 };
  const isList = prefix >= 0xc0;
  const short = prefix - (isList ? 0xc0 : 0x80);
  let payload = start + 1;
  let length = short;
  if (short > 55) {
    const lengthBytes = short - 55;
    if (lengthBytes > 4 || payload + lengthBytes > limit || bytes[payload] === 0) return undefined;
    length = 0;
    for (let index = 0; index < lengthBytes; index++) length = length * 256 + (bytes[payload + index] as number);
    if (length <= 55) return undefined;
    payload += lengthBytes;
  } else if (!isList && length === 1 && payload < limit && (bytes[payload] as number) < 0x80) {
    return undefined;
  }
  const end = payload + length;
  return end > limit ? undefined : { isList, start, payload, end };
}

/** Bytes that a header before a payload of this length takes. */
export function headerBytes(length: number): number {
  if (length <= 55) return 1;
  if (length < 0x100) return 2;
  if (length < 0x10000) return 3;
  return length < 0x1000000 ? 4 : 5;
}

/** Bytes that a string takes with its header. */
export function stringBytes(bytes: Uint8Array): number {
  return bytes.length === 1 && (bytes[0] as number) < 0x80 ? 1 : headerBytes(bytes.length) + bytes.length;
}

/** Writes a header and answers where the payload goes; `base` is 0x80 for strings, 0xc0 for lists. */
export function writeHeader(length: number, base: 0x80 | 0xc0, target: Uint8Array, offset: number): number {
  const size = headerBytes(length);
  if (size === 1) {
    target[offset] = base + length;
    return offset + 1;
  }
  target[offset] = base + 55 + size - 1;
  for (let index = size - 1, rest = length; index > 0; index--, rest = Math.floor(rest / 256))
    target[offset + index] = rest;
  return offset + size;
}

/** Writes a string with its header and answers where the next item goes. */
export function writeString(bytes: Uint8Array, target: Uint8Array, offset: number): number {
  const isByte = bytes.length === 1 && (bytes[0] as number) < 0x80;
  const at = isByte ? offset : writeHeader(bytes.length, 0x80, target, offset);
  target.set(bytes, at);
  return at + bytes.length;
}
