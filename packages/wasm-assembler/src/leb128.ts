/** LEB128 of an integer from 0 to 2^32 - 1 (WebAssembly specification, section 5.2.2). */
export function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

/** Signed LEB128 of an integer from -2^31 to 2^31 - 1: bit 6 of the last byte is its sign. */
export function signed(value: number): number[] {
  return value >= -0x40 && value < 0x40 ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signed(value >> 7)];
}
