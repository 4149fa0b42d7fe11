import { memoryCost, wordsFor } from "./gas.ts";

const pageSize = 4096;
/** A memory larger than this is given back when its frame ends. */
const keptSize = 1 << 20;

/** The byte-addressed memory of a frame. Its buffer is kept from one frame to the next at the same depth. */
export class Memory {
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(pageSize);
  view: DataView = new DataView(this.bytes.buffer);
  /** Bytes in use: MSIZE, a multiple of 32. */
  size = 0;

  /** Gas for making the memory reach `end`; Infinity for what is no offset. */
  expansionCost(end: number): number {
    if (end <= this.size) return 0;
    return memoryCost(wordsFor(end)) - memoryCost(this.size / 32);
  }

  /** Makes the memory reach `end`. */
  grow(end: number): void {
    const size = wordsFor(end) * 32;
    if (size > this.bytes.length) {
      const bytes = new Uint8Array(Math.max(2 * this.bytes.length, Math.ceil(size / pageSize) * pageSize));
      bytes.set(this.bytes.subarray(0, this.size));
      this.bytes = bytes;
      this.view = new DataView(bytes.buffer);
    }
    this.size = size;
  }

  /** Copies `source` from `from` on; what lies beyond its end reads as zero. The room must be there. */
  copyIn(target: number, source: Uint8Array, from: number, size: number): void {
    if (size === 0) return;
    const available = from < source.length ? Math.min(size, source.length - from) : 0;
    if (available > 0) this.bytes.set(source.subarray(from, from + available), target);
    if (available < size) this.bytes.fill(0, target + available, target + size);
  }

  /** A copy of a range. */
  slice(offset: number, size: number): Uint8Array {
    return size === 0 ? empty : this.bytes.slice(offset, offset + size);
  }

  /** Empties the memory for the next frame. */
  reset(): void {
    if (this.bytes.length > keptSize) {
      this.bytes = new Uint8Array(pageSize);
      this.view = new DataView(this.bytes.buffer);
    } else {
      this.bytes.fill(0, 0, this.size);
    }
    this.size = 0;
  }
}

const empty = new Uint8Array(0);
