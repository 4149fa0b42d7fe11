import { allocateBytes } from "@koinon/trie/slab";
import { PackedKey } from "./packed-key.ts";
import type { StateKey } from "./state-key.ts";
import type { StateDelta } from "./state-source.ts";

const wordBytes = 4;
/** Before the key, its shape, and the length of the value plus one, 0 for an entry that does not exist. */
const headerWords = 1;
const shapeShift = 20;
const valueBytesMax = (1 << shapeShift) - 2;

/** An entry is looked for in so many places of the index: keys that are chosen to collide push each other out, and cost no more. */
const ways = 8;
const slotBytes = 12;
/** Of the whole cache: about as many as entries fit in. */
const bytesPerSlot = 64;
const wordsMin = 256;

/**
 * Entries of the state after the head, kept in step with it, also those that are known not to exist. They lie one behind
 * another in one large piece of memory, where the collector has nothing to follow; the newest are written over the oldest, and
 * what is used in its older half is written anew, so that what was used within half of the capacity stays.
 */
export class EntryCache {
  readonly #words: Uint32Array;
  readonly #bytes: Uint8Array;
  /** Of the index, `ways` beside each other for a hash: where an entry was written, counted from the beginning of time. */
  readonly #positions: Float64Array;
  readonly #hashes: Int32Array;
  readonly #key = new PackedKey();
  /** In words, counted from the beginning of time; before `#start` nothing is valid. */
  #end: number;
  #start: number;

  constructor(sizeBytes: number) {
    const slots = 2 ** Math.max(3, Math.floor(Math.log2(sizeBytes / bytesPerSlot)));
    this.#positions = new Float64Array(slots);
    this.#hashes = new Int32Array(slots);
    const words = Math.max(wordsMin, Math.floor((sizeBytes - slots * slotBytes) / wordBytes));
    this.#words = new Uint32Array(words);
    this.#bytes = new Uint8Array(this.#words.buffer);
    this.#end = 2 * words;
    this.#start = words;
  }

  /** A copy of the entry from the cache, or what `read` answers, which is remembered. */
  get(key: StateKey, read: () => Uint8Array | undefined): Uint8Array | undefined {
    this.#key.set(key);
    const slot = this.#find();
    if (slot !== undefined) return this.#use(slot);
    const value = read();
    this.#write(this.#slotToFill(), value);
    return value;
  }

  /** Takes over what a block changed. */
  apply(delta: StateDelta): void {
    // Without an array for each entry, which iterating makes.
    delta.forEach(({ after }, key) => {
      this.#key.set(key);
      const slot = this.#find();
      if (slot === undefined) this.#write(this.#slotToFill(), after);
      else this.#replace(slot, after);
    });
  }

  clear(): void {
    this.#start = this.#end;
  }

  /** The place in the index of the key that is set. */
  #find(): number | undefined {
    const { hash } = this.#key;
    const base = this.#base(hash);
    for (let slot = base; slot < base + ways; slot++) {
      if (this.#hashes[slot] !== hash || (this.#positions[slot] as number) < this.#start) continue;
      if (this.#isKeyAt(this.#offset(slot))) return slot;
    }
    return undefined;
  }

  #base(hash: number): number {
    return (hash & (this.#hashes.length / ways - 1)) * ways;
  }

  #offset(slot: number): number {
    return (this.#positions[slot] as number) % this.#words.length;
  }

  #isKeyAt(offset: number): boolean {
    const { words, length, shape } = this.#key;
    const keyAt = offset + headerWords;
    if ((this.#words[offset] as number) >>> shapeShift !== shape) return false;
    for (let index = 0; index < length; index++) if (this.#words[keyAt + index] !== words[index]) return false;
    return true;
  }

  #use(slot: number): Uint8Array | undefined {
    const offset = this.#offset(slot);
    const length = this.#valueBytes(offset);
    let value: Uint8Array | undefined;
    if (length !== undefined) {
      const at = this.#valueAt(offset);
      value = allocateBytes(length);
      value.set(this.#bytes.subarray(at, at + length));
    }
    if (this.#isOld(slot)) this.#write(slot, value);
    return value;
  }

  #replace(slot: number, value: Uint8Array | undefined): void {
    const offset = this.#offset(slot);
    const isSameLength = value !== undefined && this.#valueBytes(offset) === value.length;
    if (isSameLength && !this.#isOld(slot)) this.#bytes.set(value, this.#valueAt(offset));
    else this.#write(slot, value);
  }

  #isOld(slot: number): boolean {
    return (this.#positions[slot] as number) < this.#end - this.#words.length / 2;
  }

  /** Undefined for an entry that does not exist. */
  #valueBytes(offset: number): number | undefined {
    const length = (this.#words[offset] as number) & ((1 << shapeShift) - 1);
    return length === 0 ? undefined : length - 1;
  }

  /** In bytes, for the key that is set. */
  #valueAt(offset: number): number {
    return (offset + headerWords + this.#key.length) * wordBytes;
  }

  /** Where the key that is set goes: an empty place, or that of the entry which was written first. */
  #slotToFill(): number {
    const base = this.#base(this.#key.hash);
    let oldest = base;
    for (let slot = base + 1; slot < base + ways; slot++)
      if ((this.#positions[slot] as number) < (this.#positions[oldest] as number)) oldest = slot;
    return oldest;
  }

  #write(slot: number, value: Uint8Array | undefined): void {
    const { words, length, shape, hash } = this.#key;
    const size = headerWords + length + Math.ceil((value?.length ?? 0) / wordBytes);
    const capacity = this.#words.length;
    if (size > capacity / 4 || (value !== undefined && value.length > valueBytesMax)) {
      this.#positions[slot] = 0;
      return;
    }
    let offset = this.#end % capacity;
    if (offset + size > capacity) {
      this.#end += capacity - offset;
      offset = 0;
    }
    this.#positions[slot] = this.#end;
    this.#hashes[slot] = hash;
    this.#end += size;
    this.#start = Math.max(this.#start, this.#end - capacity);
    this.#words[offset] = (shape << shapeShift) | (value === undefined ? 0 : value.length + 1);
    for (let index = 0; index < length; index++) this.#words[offset + headerWords + index] = words[index] as number;
    if (value !== undefined) this.#bytes.set(value, this.#valueAt(offset));
  }
}
