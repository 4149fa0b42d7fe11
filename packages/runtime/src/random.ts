import { randomBytes } from "node:crypto";

/** A source of unpredictable bytes. */
export interface Random {
  bytes(count: number): Uint8Array;
}

const poolBytes = 4_096;
let pool = new Uint8Array();
let taken = 0;

/** The operating system's generator, asked for a few kilobytes at a time: each call costs as much as the hash of a receipt. No byte is given out twice. */
export const systemRandom: Random = {
  bytes(count) {
    if (count > poolBytes / 8) return new Uint8Array(randomBytes(count));
    if (taken + count > pool.length) {
      pool = new Uint8Array(randomBytes(poolBytes));
      taken = 0;
    }
    const bytes = pool.slice(taken, taken + count);
    pool.fill(0, taken, taken + count);
    taken += count;
    return bytes;
  },
};
