/** A key or path, four bits at a time, as lower-case hex digits: strings compare, slice and key maps natively. */
export type Nibbles = string;

/** The sixteen digits, by value. */
export const digits = "0123456789abcdef";

const digitCodes = Uint8Array.from(digits, (digit) => digit.charCodeAt(0));
const values = new Uint8Array(128);
for (let value = 0; value < 16; value++) values[digitCodes[value] as number] = value;

/** The codes of a key of 32 bytes, the usual length, used anew for each. */
const codesOfHash = new Array<number>(64).fill(0);

/** The digits of some bytes, the high half of each byte first. */
export function bytesToNibbles(bytes: Uint8Array): Nibbles {
  const codes = bytes.length === 32 ? codesOfHash : new Array<number>(2 * bytes.length);
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index] as number;
    codes[2 * index] = digitCodes[byte >> 4] as number;
    codes[2 * index + 1] = digitCodes[byte & 15] as number;
  }
  return String.fromCharCode.apply(undefined, codes);
}

/** The value 0 to 15 of the digit at a place, which must be within the string. */
export function nibbleAt(nibbles: Nibbles, index: number): number {
  return values[nibbles.charCodeAt(index)] as number;
}

/** How many digits two strings have in common, counted from `from`, up to which they are known to agree. */
export function commonPrefixLength(a: Nibbles, b: Nibbles, from = 0): number {
  const limit = Math.min(a.length, b.length);
  let index = from;
  while (index < limit && a.charCodeAt(index) === b.charCodeAt(index)) index++;
  return index;
}

/** Bytes that `writeCompact` takes for this many digits. */
export function compactBytes(nibbles: Nibbles): number {
  return (nibbles.length >> 1) + 1;
}

/** Writes the compact ("hex-prefix") encoding of yellow paper appendix C; a flag tells leaves from extensions. */
export function writeCompact(nibbles: Nibbles, isLeaf: boolean, target: Uint8Array, offset: number): void {
  const isOdd = (nibbles.length & 1) === 1;
  const flag = (isLeaf ? 0x20 : 0) | (isOdd ? 0x10 | nibbleAt(nibbles, 0) : 0);
  target[offset] = flag;
  let at = offset + 1;
  for (let index = isOdd ? 1 : 0; index < nibbles.length; index += 2) {
    target[at++] = (nibbleAt(nibbles, index) << 4) | nibbleAt(nibbles, index + 1);
  }
}

/** Reads the compact encoding; undefined when flag or padding are not as appendix C has them. */
export function readCompact(bytes: Uint8Array): { nibbles: Nibbles; isLeaf: boolean } | undefined {
  const flag = bytes[0];
  if (flag === undefined || flag >= 0x40) return undefined;
  const isOdd = (flag & 0x10) !== 0;
  if (!isOdd && (flag & 0x0f) !== 0) return undefined;
  return { nibbles: bytesToNibbles(bytes).slice(isOdd ? 1 : 2), isLeaf: (flag & 0x20) !== 0 };
}
