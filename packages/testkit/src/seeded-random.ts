import { createHash } from "node:crypto";

/** Reproducible randomness: SHA-256 of the seed and a counter. Print the seed when a test with random input fails. */
export class SeededRandom {
  readonly seed: string;
  #counter = 0;
  #pool = Buffer.alloc(0);

  constructor(seed: string | number) {
    this.seed = String(seed);
  }

  bytes(length: number): Uint8Array {
    while (this.#pool.length < length) {
      const block = createHash("sha256")
        .update(`${this.seed}/${this.#counter++}`)
        .digest();
      this.#pool = Buffer.concat([this.#pool, block]);
    }
    const taken = Uint8Array.prototype.slice.call(this.#pool, 0, length);
    this.#pool = this.#pool.subarray(length);
    return taken;
  }

  /** An integer from 0 up to and without `limit`, which is at most 2^32. The bias of the remainder is below 2^-16 for limits below 2^16. */
  integer(limit: number): number {
    return Buffer.from(this.bytes(4)).readUInt32LE() % limit;
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.integer(1_000_000) < probability * 1_000_000;
  }

  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError("nothing to pick from");
    return items[this.integer(items.length)] as T;
  }
}
