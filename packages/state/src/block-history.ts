import type { Steps } from "@koinon/trie/steps";
import { readBlockNumber } from "./block-number.ts";
import type { Database } from "./database.ts";
import {
  bucketCountOf,
  bucketEntries,
  bucketOf,
  type ChangedEntry,
  encodeHistory,
  type HistoryEntry,
  hashOf,
} from "./history-record.ts";
import { changeIndexKey, historyKey, tables } from "./layout.ts";
import { applyNodeDelta } from "./node-delta.ts";
import { StateError } from "./state-error.ts";
import { keyFromBytes, keyToBytes, type StateKey } from "./state-key.ts";
import type { WriteBatch } from "./write-batch.ts";

const noBytes = new Uint8Array(0);
const headersMax = 1024;
const bucketsPerStep = 1024;

/** Earlier values of the state, block by block, as reverse differences from the last block. */
export class BlockHistory {
  readonly #database: Database;
  readonly #isArchive: boolean;
  readonly #headers = new Map<bigint, Uint8Array>();

  constructor(database: Database, { isArchive }: { isArchive: boolean }) {
    this.#database = database;
    this.#isArchive = isArchive;
  }

  /** The value of an entry after block `number`, where `head` is the last block. */
  valueAt(number: bigint, head: bigint, key: StateKey): Uint8Array | undefined {
    const keyBytes = keyToBytes(key);
    const differences: Uint8Array[] = [];
    let value: Uint8Array | undefined;
    let isKnown = false;
    for (let block = this.#nextChange(number, head, keyBytes); block !== undefined; ) {
      const entry = this.#find(block, keyBytes);
      if (entry !== undefined && entry.form !== "difference") {
        value = entry.form === "whole" ? entry.bytes : undefined;
        isKnown = true;
        break;
      }
      if (entry !== undefined) differences.push(entry.bytes);
      block = this.#nextChange(block, head, keyBytes);
    }
    if (!isKnown) value = this.#database.get(tables.state, keyBytes);
    for (const difference of differences.reverse()) value = earlierNode(key, difference, value);
    return value;
  }

  /** The first block after `number` that may have changed the entry. */
  #nextChange(number: bigint, head: bigint, key: Uint8Array): bigint | undefined {
    if (this.#isArchive) {
      const start = changeIndexKey(key, number + 1n);
      const end = changeIndexKey(key, head + 1n);
      for (const found of this.#database.range(tables.changes, { start, end, limit: 1 })) {
        return readBlockNumber(found.key, key.length + 1);
      }
      return undefined;
    }
    const hash = hashOf(key);
    for (let block = number + 1n; block <= head; block++) {
      if (bucketOf(this.#header(block), hash) !== undefined) return block;
    }
    return undefined;
  }

  #find(block: bigint, key: Uint8Array): HistoryEntry | undefined {
    const index = bucketOf(this.#header(block), hashOf(key));
    if (index === undefined) return undefined;
    for (const entry of bucketEntries(this.#record(block, index + 1))) if (isSame(entry.key, key)) return entry;
    return undefined;
  }

  /** Every key that a block changed. */
  *keysChangedIn(block: bigint): Generator<StateKey> {
    const count = bucketCountOf(this.#header(block));
    for (let index = 1; index <= count; index++) {
      for (const entry of bucketEntries(this.#record(block, index))) yield keyFromBytes(entry.key);
    }
  }

  /** Writes the history of a block that is committed. */
  *add(block: bigint, entries: readonly ChangedEntry[], batch: WriteBatch): Steps<void> {
    const { header, buckets } = yield* encodeHistory(entries, { wholeNodes: this.#isArchive });
    batch.put(tables.history, historyKey(block, 0), header);
    for (const [index, bucket] of buckets.entries()) {
      batch.put(tables.history, historyKey(block, index + 1), bucket);
      if (index % bucketsPerStep === 0) yield;
    }
    if (!this.#isArchive) return;
    for (const { piece, start, end } of entries)
      batch.put(tables.changes, changeIndexKey(piece.subarray(start, end), block), noBytes);
  }

  /** Removes the history of a block, be it too old or reverted. */
  remove(block: bigint, batch: WriteBatch): void {
    if (this.#isArchive) {
      for (const key of this.keysChangedIn(block)) {
        batch.remove(tables.changes, changeIndexKey(keyToBytes(key), block));
      }
    }
    const count = bucketCountOf(this.#header(block));
    for (let index = 0; index <= count; index++) batch.remove(tables.history, historyKey(block, index));
    this.#headers.delete(block);
  }

  /** Forgets what was read, because other blocks may stand at these numbers now. */
  forget(): void {
    this.#headers.clear();
  }

  #header(block: bigint): Uint8Array {
    const known = this.#headers.get(block);
    if (known !== undefined) return known;
    const header = this.#record(block, 0);
    if (this.#headers.size >= headersMax) {
      for (const oldest of this.#headers.keys()) {
        this.#headers.delete(oldest);
        break;
      }
    }
    this.#headers.set(block, header);
    return header;
  }

  #record(block: bigint, index: number): Uint8Array {
    const record = this.#database.get(tables.history, historyKey(block, index));
    if (record !== undefined) return record;
    throw new StateError({ code: "STATE_CORRUPT", where: `history/${block}/${index}`, reason: "missing" });
  }
}

function earlierNode(key: StateKey, difference: Uint8Array, later: Uint8Array | undefined): Uint8Array {
  const earlier = later === undefined ? undefined : applyNodeDelta(difference, later);
  if (earlier !== undefined) return earlier;
  throw new StateError({ code: "STATE_CORRUPT", where: `history of ${key}`, reason: "difference does not apply" });
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}
