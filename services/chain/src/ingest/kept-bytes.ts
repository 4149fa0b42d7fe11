/** Some twenty transfers; all of it stays as long as any of them waits, so it is small. */
const pieceBytes = 2_048;

let piece = new Uint8Array(pieceBytes);
let used = 0;

/** A copy to be kept. Short ones share a piece of memory: one of its own costs more than the copy, and more again to collect. */
export function keepBytes(bytes: Uint8Array): Uint8Array {
  const { length } = bytes;
  if (length > pieceBytes / 8) return new Uint8Array(bytes);
  if (used + length > pieceBytes) {
    piece = new Uint8Array(pieceBytes);
    used = 0;
  }
  const kept = piece.subarray(used, used + length);
  kept.set(bytes);
  used += length;
  return kept;
}
