const slabBytes = 65_536;

let slab = new Uint8Array(slabBytes);
let used = 0;

/**
 * Zeroed bytes, cut from a larger piece when there are few: an update makes tens of thousands of small arrays, and an
 * allocation of its own costs more than filling it. What is kept for long should be copied, or it keeps its whole piece alive.
 */
export function allocateBytes(length: number): Uint8Array {
  if (length > slabBytes / 8) return new Uint8Array(length);
  if (used + length > slabBytes) {
    slab = new Uint8Array(slabBytes);
    used = 0;
  }
  const bytes = slab.subarray(used, used + length);
  used += length;
  return bytes;
}
