/** The finaliser of MurmurHash3 over 32 bits, as a signed number; no two words have the same answer. */
export function mixBits(word: number): number {
  let hash = word ^ (word >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
