import { crc32 } from "node:zlib";
import { checksumBytes, writeUint32 } from "./checksum.ts";
import { StateError } from "./state-error.ts";
import { keyBytes, type StateKey, writeKey } from "./state-key.ts";

/** One change of one entry, its key and value being views of memory that belongs to the batch; no value removes it. */
export interface BatchOperation {
  readonly table: string;
  readonly key: Uint8Array;
  /** The value with its checksum behind it. */
  readonly stored: Uint8Array | undefined;
}

const pieceBytes = 1 << 20;

/**
 * The writes of one transaction. Keys, values and checksums are laid side by side in large pieces of memory: one checksum call
 * covers key and value, and LMDB asks for the address of each piece once instead of once per value.
 */
export class WriteBatch {
  // An operation each, in the order of calls: as objects with views they would be most of what a block leaves to the collector.
  readonly #tables: string[] = [];
  readonly #pieces: Uint8Array[] = [];
  /** Three for each: where in its piece the key begins, where it ends, and where the value ends, there too when there is none. */
  readonly #offsets: number[] = [];
  #piece = new Uint8Array(pieceBytes);
  #used = 0;

  /** Throws StateError `KEY_INVALID` unless the key is 1 to 1,000 bytes. */
  put(table: string, key: Uint8Array, value: Uint8Array): void {
    checkKey(key);
    const start = this.#reserve(key.length + value.length + checksumBytes);
    this.#piece.set(key, start);
    this.#finish(table, start, start + key.length, value);
  }

  remove(table: string, key: Uint8Array): void {
    checkKey(key);
    const start = this.#reserve(key.length);
    this.#piece.set(key, start);
    this.#finish(table, start, start + key.length, undefined);
  }

  /** Puts or removes an entry of the state and answers its key as it is on disk. */
  putEntry(table: string, name: StateKey, value: Uint8Array | undefined): Uint8Array {
    const start = this.#reserve(keyBytes(name) + (value === undefined ? 0 : value.length + checksumBytes));
    const keyEnd = writeKey(name, this.#piece, start);
    this.#finish(table, start, keyEnd, value);
    return this.#piece.subarray(start, keyEnd);
  }

  /** Adds the operations of another batch behind those of this one. */
  append(other: WriteBatch): void {
    for (const table of other.#tables) this.#tables.push(table);
    for (const piece of other.#pieces) this.#pieces.push(piece);
    for (const offset of other.#offsets) this.#offsets.push(offset);
  }

  /** The tables that there are operations of. */
  tables(): Iterable<string> {
    return new Set(this.#tables);
  }

  /** Calls for each operation, in order. */
  forEach(visit: (operation: BatchOperation) => void): void {
    for (let index = 0; index < this.#tables.length; index++) {
      const piece = this.#pieces[index] as Uint8Array;
      const keyEnd = this.#offsets[3 * index + 1] as number;
      const end = this.#offsets[3 * index + 2] as number;
      visit({
        table: this.#tables[index] as string,
        key: piece.subarray(this.#offsets[3 * index], keyEnd),
        stored: end === keyEnd ? undefined : piece.subarray(keyEnd, end),
      });
    }
  }

  #reserve(length: number): number {
    if (this.#used + length > this.#piece.length) {
      this.#piece = new Uint8Array(Math.max(pieceBytes, length));
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += length;
    return start;
  }

  /** Lays value and checksum behind the key that is in its place. */
  #finish(table: string, start: number, keyEnd: number, value: Uint8Array | undefined): void {
    const piece = this.#piece;
    let end = keyEnd;
    if (value !== undefined) {
      const valueEnd = keyEnd + value.length;
      piece.set(value, keyEnd);
      writeUint32(piece, valueEnd, crc32(piece.subarray(start, valueEnd)));
      end = valueEnd + checksumBytes;
    }
    this.#tables.push(table);
    this.#pieces.push(piece);
    this.#offsets.push(start, keyEnd, end);
  }
}

const keyBytesMax = 1000;

// Within a transaction it would be too late: lmdb commits the operations before one that it refuses.
function checkKey(key: Uint8Array): void {
  if (key.length === 0 || key.length > keyBytesMax) throw new StateError({ code: "KEY_INVALID", length: key.length });
}
