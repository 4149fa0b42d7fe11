import { SignatureError } from "./fault.ts";

/** Bytes as text: "0x", then two lower-case digits per byte. */
export type Hex = `0x${string}`;

const digits: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

const notADigit = 0xff;
const digitValues = new Uint8Array(128).fill(notADigit);
for (let value = 0; value < 16; value++) digitValues[value.toString(16).charCodeAt(0)] = value;

/** Bytes of an uncompressed public key, and of everything shorter that is written all the time. */
const shortMax = 65;

/** Writes bytes as lower-case hex. */
export const bytesToHex: (bytes: Uint8Array) => Hex =
  typeof Buffer === "undefined" ? bytesToHexByDigits : createBufferWriter();

/** What browsers do. */
export function bytesToHexByDigits(bytes: Uint8Array): Hex {
  let text = "";
  for (let index = 0; index < bytes.length; index++) text += digits[bytes[index] as number];
  return `0x${text}`;
}

/**
 * Through Node's buffers it is one flat string instead of a tree of pieces, and several times as fast. A few bytes are made text here:
 * where "0x" is put in front of Node's, there are three strings, of which one stays.
 */
function createBufferWriter(): (bytes: Uint8Array) => Hex {
  const ascii = (text: string): readonly number[] => Array.from(text, (character) => character.charCodeAt(0));
  const pairs = new Uint16Array(Uint8Array.from(ascii(digits.join(""))).buffer);
  const scratch = new Uint16Array(1 + shortMax);
  const text = Buffer.from(scratch.buffer);
  text.set(ascii("0x"));
  return (bytes) => {
    const { length } = bytes;
    if (length > shortMax) return `0x${Buffer.from(bytes.buffer, bytes.byteOffset, length).toString("hex")}`;
    for (let index = 0; index < length; index++) scratch[1 + index] = pairs[bytes[index] as number] as number;
    return text.toString("latin1", 0, 2 + 2 * length) as Hex;
  };
}

/** True for a string of exactly `sizeBytes` bytes (any size when left out) in lower-case hex. */
export function isHex(value: unknown, sizeBytes?: number): value is Hex {
  if (typeof value !== "string" || !value.startsWith("0x") || value.length % 2 !== 0) return false;
  if (sizeBytes !== undefined && value.length !== 2 + 2 * sizeBytes) return false;
  for (let index = 2; index < value.length; index++) if (digitAt(value, index) === notADigit) return false;
  return true;
}

/** Reads lower-case hex; throws SignatureError `HEX_MALFORMED` for anything else. */
export function hexToBytes(hex: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(Math.max(0, hex.length - 2) >> 1);
  writeHex(hex, bytes, 0, bytes.length);
  return bytes;
}

/** Reads exactly `sizeBytes` bytes of lower-case hex into `target` at `offset`; throws like `hexToBytes`. */
export function writeHex(hex: string, target: Uint8Array, offset: number, sizeBytes: number): void {
  if (hex.length !== 2 + 2 * sizeBytes || !hex.startsWith("0x")) throw malformed(hex);
  for (let index = 0; index < sizeBytes; index++) {
    const high = digitAt(hex, 2 + 2 * index);
    const low = digitAt(hex, 3 + 2 * index);
    if ((high | low) > 0x0f) throw malformed(hex);
    target[offset + index] = (high << 4) | low;
  }
}

function digitAt(text: string, index: number): number {
  return digitValues[text.charCodeAt(index)] ?? notADigit;
}

function malformed(hex: string): SignatureError {
  return new SignatureError({ code: "HEX_MALFORMED", length: hex.length });
}
