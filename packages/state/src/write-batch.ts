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
  /** In the order of calls. */
  readonly operations: BatchOperation[] = [];
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
    this.operations.push({ table, key: this.#piece.subarray(start, start + key.length), stored: undefined });
  }

  /** Puts or removes an entry of the state and answers its key as it is on disk. */
  putEntry(table: string, name: StateKey, value: Uint8Array | undefined): Uint8Array {
    const start = this.#reserve(keyBytes(name) + (value === undefined ? 0 : value.length + checksumBytes));
    const keyEnd = writeKey(name, this.#piece, start);
    const key = this.#piece.subarray(start, keyEnd);
    if (value === undefined) this.operations.push({ table, key, stored: undefined });
    else this.#finish(table, start, keyEnd, value);
    return key;
  }

  /** Adds the operations of another batch behind those of this one. */
  append(other: WriteBatch): void {
    for (const operation of other.operations) this.operations.push(operation);
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

  #finish(table: string, start: number, keyEnd: number, value: Uint8Array): void {
    const piece = this.#piece;
    const valueEnd = keyEnd + value.length;
    piece.set(value, keyEnd);
    writeUint32(piece, valueEnd, crc32(piece.subarray(start, valueEnd)));
    const key = piece.subarray(start, keyEnd);
    this.operations.push({ table, key, stored: piece.subarray(keyEnd, valueEnd + checksumBytes) });
  }
}

const keyBytesMax = 1000;

// Within a transaction it would be too late: lmdb commits the operations before one that it refuses.
function checkKey(key: Uint8Array): void {
  if (key.length === 0 || key.length > keyBytesMax) throw new StateError({ code: "KEY_INVALID", length: key.length });
}
