/**
 * Cuts short, zeroed arrays from pieces of memory of so many bytes: many small ones with an allocation each cost more than filling
 * them. What is kept for long keeps its whole piece alive. What is longer than an eighth of a piece is an array of its own.
 */
export function createSlab(pieceBytes: number): (length: number) => Uint8Array {
  let piece = new Uint8Array(pieceBytes);
  let used = 0;
  return (length) => {
    if (length > pieceBytes / 8) return new Uint8Array(length);
    if (used + length > pieceBytes) {
      piece = new Uint8Array(pieceBytes);
      used = 0;
    }
    const bytes = piece.subarray(used, used + length);
    used += length;
    return bytes;
  };
}

/** For what an update makes by the ten thousand. What is kept for long should be copied, or it keeps 64 KiB alive. */
export const allocateBytes = createSlab(65_536);
