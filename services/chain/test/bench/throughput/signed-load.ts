import { keccak256 } from "@koinon/secp256k1/keccak";

const hashBytes = 32;

/** Signed transactions in the order in which they are to be sent: a few pieces of memory, whatever their number, since a collector would go through objects. */
export class SignedLoad {
  /** Where each transaction begins in `#bytes`, and where the last one ends. */
  readonly #offsets: Uint32Array;
  readonly #bytes: Uint8Array;
  readonly #hashes: Buffer;

  private constructor(bytes: Uint8Array, offsets: Uint32Array, hashes: Buffer) {
    this.#bytes = bytes;
    this.#offsets = offsets;
    this.#hashes = hashes;
  }

  /** Packs encoded transactions. */
  static of(raws: readonly Uint8Array[]): SignedLoad {
    const offsets = new Uint32Array(raws.length + 1);
    for (const [index, raw] of raws.entries()) offsets[index + 1] = (offsets[index] as number) + raw.length;
    const bytes = new Uint8Array(offsets[raws.length] as number);
    const hashes = Buffer.alloc(raws.length * hashBytes);
    for (const [index, raw] of raws.entries()) {
      bytes.set(raw, offsets[index] as number);
      hashes.set(keccak256(raw), index * hashBytes);
    }
    return new SignedLoad(bytes, offsets, hashes);
  }

  get length(): number {
    return this.#offsets.length - 1;
  }

  /** The bytes of a transaction, as a view. */
  raw(index: number): Uint8Array {
    return this.#bytes.subarray(this.#offsets[index], this.#offsets[index + 1]);
  }

  /** A transaction's hash as nodes write it. */
  hash(index: number): string {
    return `0x${this.#hashes.toString("hex", index * hashBytes, (index + 1) * hashBytes)}`;
  }

  /** Some of the transactions, in the same memory. */
  slice(start: number, end: number = this.length): SignedLoad {
    const hashes = this.#hashes.subarray(start * hashBytes, end * hashBytes);
    return new SignedLoad(this.#bytes, this.#offsets.subarray(start, end + 1), hashes);
  }
}
