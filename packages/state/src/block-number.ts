/** A block number as eight big-endian bytes, which sort as the numbers do. */
export function blockNumberBytes(number: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, number);
  return bytes;
}

/** Reads a block number at an offset. */
export function readBlockNumber(bytes: Uint8Array, offset = 0): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getBigUint64(offset);
}
