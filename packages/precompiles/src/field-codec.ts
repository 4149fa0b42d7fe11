import { type Mcl, type Pointer, sizes } from "./mcl.ts";

/** How a curve's field elements are written: big-endian, right-aligned in `wordBytes`, smaller than the modulus. */
export interface FieldEncoding {
  readonly wordBytes: number;
  /** Big-endian without leading zeros; its length is that of an element. */
  readonly modulus: Uint8Array;
}

/** Moves field elements and scalars between the bytes of calls and mcl's memory. */
export class FieldCodec {
  readonly wordBytes: number;
  readonly #mcl: Mcl;
  readonly #modulus: Uint8Array;
  readonly #buffer: Pointer;
  #heap: Uint8Array;

  constructor({ wordBytes, modulus }: FieldEncoding, mcl: Mcl) {
    this.wordBytes = wordBytes;
    this.#mcl = mcl;
    this.#modulus = modulus;
    this.#buffer = mcl._malloc(sizes.fp);
    this.#heap = new Uint8Array(mcl.wasmMemory.buffer);
  }

  /** Reads the element in a word; false when its padding is not zero or it is not smaller than the modulus. */
  readElement(input: Uint8Array, offset: number, target: Pointer): boolean {
    const elementBytes = this.#modulus.length;
    const start = offset + this.wordBytes - elementBytes;
    if (!isZero(input, offset, start) || !this.#isReduced(input, start)) return false;
    this.#load(input, start, elementBytes);
    this.#mcl._mclBnFp_setBigEndianMod(target, this.#buffer, elementBytes);
    return true;
  }

  /** Writes an element as a word; `output` is zero there. */
  writeElement(value: Pointer, output: Uint8Array, offset: number): void {
    const length = this.#mcl._mclBnFp_getLittleEndian(this.#buffer, sizes.fp, value);
    const heap = this.#memory();
    const end = offset + this.wordBytes - 1;
    for (let index = 0; index < length; index++) output[end - index] = heap[this.#buffer + index] as number;
  }

  /** Reads 32 bytes as a scalar modulo the order of the group. */
  readScalar(input: Uint8Array, offset: number, target: Pointer): void {
    this.#load(input, offset, 32);
    this.#mcl._mclBnFr_setBigEndianMod(target, this.#buffer, 32);
  }

  #isReduced(input: Uint8Array, start: number): boolean {
    for (let index = 0; index < this.#modulus.length; index++) {
      const difference = (input[start + index] as number) - (this.#modulus[index] as number);
      if (difference !== 0) return difference < 0;
    }
    return false;
  }

  #load(input: Uint8Array, start: number, length: number): void {
    const heap = this.#memory();
    for (let index = 0; index < length; index++) heap[this.#buffer + index] = input[start + index] as number;
  }

  /** The memory as it is now: when mcl grows it, earlier views are dead. */
  #memory(): Uint8Array {
    if (this.#heap.buffer !== this.#mcl.wasmMemory.buffer) this.#heap = new Uint8Array(this.#mcl.wasmMemory.buffer);
    return this.#heap;
  }
}

/** True when the bytes from `start` to before `end` are zero. */
export function isZero(bytes: Uint8Array, start: number, end: number): boolean {
  for (let index = start; index < end; index++) if (bytes[index] !== 0) return false;
  return true;
}
