import { crc32 } from "node:zlib";
import { StateError } from "./state-error.ts";

/** Bytes of the CRC-32 of key and value that stands behind every value: LMDB itself has no checksums. */
export const checksumBytes = 4;

/** The value without its checksum; throws StateError `STATE_CORRUPT` when key or value are not what was written. */
export function checkedValue(table: string, key: Uint8Array, stored: Uint8Array): Uint8Array {
  const length = stored.length - checksumBytes;
  if (length >= 0) {
    const value = stored.subarray(0, length);
    if (readUint32(stored, length) === crc32(value, crc32(key))) return value;
  }
  const where = `${table}/${Buffer.from(key).toString("hex")}`;
  throw new StateError({ code: "STATE_CORRUPT", where, reason: "checksum" });
}

/** Writes 32 bits, the high byte first. */
export function writeUint32(target: Uint8Array, offset: number, value: number): void {
  target[offset] = value >>> 24;
  target[offset + 1] = value >>> 16;
  target[offset + 2] = value >>> 8;
  target[offset + 3] = value;
}

/** Reads what `writeUint32` wrote. */
export function readUint32(source: Uint8Array, offset: number): number {
  const high = (source[offset] as number) * 0x1000000;
  const low = ((source[offset + 1] as number) << 16) | ((source[offset + 2] as number) << 8);
  return high + (low | (source[offset + 3] as number));
}
