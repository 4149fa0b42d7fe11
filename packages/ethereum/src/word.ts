/** Writes a 256-bit integer as 32 big-endian bytes at `offset`. */
export function writeWord(value: bigint, target: Uint8Array, offset: number): void {
  const view = new DataView(target.buffer, target.byteOffset + offset, 32);
  view.setBigUint64(0, value >> 192n);
  view.setBigUint64(8, (value >> 128n) & 0xffff_ffff_ffff_ffffn);
  view.setBigUint64(16, (value >> 64n) & 0xffff_ffff_ffff_ffffn);
  view.setBigUint64(24, value & 0xffff_ffff_ffff_ffffn);
}

/** A 256-bit integer as 32 big-endian bytes. */
export function wordToBytes(value: bigint): Uint8Array {
  const bytes = new Uint8Array(32);
  writeWord(value, bytes, 0);
  return bytes;
}
