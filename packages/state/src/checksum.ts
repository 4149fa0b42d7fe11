import { crc32 } from "node:zlib";
import { StateError } from "./state-error.ts";

const checksumBytes = 4;

/** The value with the CRC-32 of key and value behind it: LMDB itself has no checksums. */
export function withChecksum(key: Uint8Array, value: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(value.length + checksumBytes);
  bytes.set(value);
  writeUint32(bytes, value.length, crc32(value, crc32(key)));
  return bytes;
}

/** The value that `withChecksum` wrote; throws StateError `STATE_CORRUPT` when the bytes are others. */
export function checkedValue(table: string, key: Uint8Array, bytes: Uint8Array): Uint8Array {
  const length = bytes.length - checksumBytes;
  if (length >= 0) {
    const value = bytes.subarray(0, length);
    if (readUint32(bytes, length) === crc32(value, crc32(key))) return value;
  }
  const where = `${table}/${Buffer.from(key).toString("hex")}`;
  throw new StateError({ code: "STATE_CORRUPT", where, reason: "checksum" });
}

function writeUint32(target: Uint8Array, offset: number, value: number): void {
  target[offset] = value >>> 24;
  target[offset + 1] = value >>> 16;
  target[offset + 2] = value >>> 8;
  target[offset + 3] = value;
}

function readUint32(source: Uint8Array, offset: number): number {
  const high = (source[offset] as number) * 0x1000000;
  return (
    high +
    (((source[offset + 1] as number) << 16) | ((source[offset + 2] as number) << 8) | (source[offset + 3] as number))
  );
}
