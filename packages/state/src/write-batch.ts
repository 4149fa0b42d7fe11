import { crc32 } from "node:zlib";
import type { Nibbles } from "@koinon/trie/nibbles";
import { checksumBytes, writeUint32 } from "./checksum.ts";
import { StateError } from "./state-error.ts";
import { keyBytes, type StateKey, writeKey } from "./state-key.ts";

/** Memory that operations lie in; `start` and `end` tell lmdb which of its bytes a value is, and move from one to the next. */
export type BatchPiece = Uint8Array & { start: number; end: number };

/** Operations of one table that follow each other in one piece. */
export interface BatchRun {
  readonly table: string;
  readonly piece: BatchPiece;
  /** Three for each: where its key begins, where that ends, and where the value ends, there too when there is none. */
  readonly offsets: number[];
}

/** Where a key lies that was written into a batch. */
export interface WrittenKey {
  readonly piece: Uint8Array;
  readonly start: number;
  readonly end: number;
}

const pieceBytes = 1 << 20;

/**
 * The writes of one transaction. Keys, values and checksums are laid side by side in large pieces of memory: one checksum call
 * covers key and value, LMDB asks for the address of each piece once, and nothing is made per operation.
 */
export class WriteBatch {
  readonly #runs: BatchRun[] = [];
  #piece = newPiece(pieceBytes);
  #used = 0;

  /** All operations in the order of calls. */
  get runs(): readonly BatchRun[] {
    return this.#runs;
  }

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

  /** Puts or removes an entry of the state and answers where its key is, as it is on disk; `path` like that of `writeKey`. */
  putEntry(table: string, name: StateKey, value: Uint8Array | undefined, path?: Nibbles): WrittenKey {
    const start = this.#reserve(keyBytes(name) + (value === undefined ? 0 : value.length + checksumBytes));
    const end = writeKey(name, this.#piece, start, path);
    this.#finish(table, start, end, value);
    return { piece: this.#piece, start, end };
  }

  /** Adds the operations of another batch, to which nothing is added any more, behind those of this one. */
  append(other: WriteBatch): void {
    for (const run of other.#runs) this.#runs.push(run);
  }

  #reserve(length: number): number {
    if (this.#used + length > this.#piece.length) {
      this.#piece = newPiece(Math.max(pieceBytes, length));
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
    this.#run(table).offsets.push(start, keyEnd, end);
  }

  #run(table: string): BatchRun {
    const last = this.#runs.at(-1);
    if (last?.table === table && last.piece === this.#piece) return last;
    const run = { table, piece: this.#piece, offsets: [] };
    this.#runs.push(run);
    return run;
  }
}

function newPiece(length: number): BatchPiece {
  return Object.assign(new Uint8Array(length), { start: 0, end: 0 });
}

const keyBytesMax = 1000;

// Within a transaction it would be too late: lmdb commits the operations before one that it refuses.
function checkKey(key: Uint8Array): void {
  if (key.length === 0 || key.length > keyBytesMax) throw new StateError({ code: "KEY_INVALID", length: key.length });
}
