/** Draws sampling seeds of 32 bits. */
export function drawSeedFrom(random: { bytes(count: number): Uint8Array }): () => number {
  return () => Buffer.from(random.bytes(4)).readUInt32LE();
}
