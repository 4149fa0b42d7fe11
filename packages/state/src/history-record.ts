import type { Steps } from "@koinon/trie/steps";
import { readUint32, writeUint32 } from "./checksum.ts";
import { mixBits } from "./hash-mix.ts";
import { encodeNodeDelta } from "./node-delta.ts";
import type { WrittenKey } from "./write-batch.ts";

/** An entry that a block changed, and where its key on disk lies. */
export interface ChangedEntry extends WrittenKey {
  readonly isNode: boolean;
  readonly before: Uint8Array | undefined;
  readonly after: Uint8Array | undefined;
}

/** How an earlier value is told: there was none, it follows whole, or as the difference to the later one. */
export type HistoryForm = "absent" | "whole" | "difference";

/** What an entry was before a block. */
export interface HistoryEntry {
  readonly key: Uint8Array;
  readonly form: HistoryForm;
  readonly bytes: Uint8Array;
}

/** The history of one block: a filter of the keys it holds and their earlier values, spread over buckets by hash. */
export interface HistoryRecords {
  readonly header: Uint8Array;
  readonly buckets: readonly Uint8Array[];
}

/** Few enough that a bucket fits on a page of the database beside others, many enough that keys of buckets weigh little. */
const entriesPerBucket = 20;
const entriesPerStep = 2_048;
/** Ten bits and five probes a key: about one false alarm in a hundred. */
const filterBitsPerEntry = 10;
const probes = 5;
const headerPrefixBytes = 8;
const entryPrefixBytes = 5;

const forms: readonly HistoryForm[] = ["absent", "whole", "difference"];
const formAbsent = 0;
const formWhole = 1;
const formDifference = 2;
const noBytes = new Uint8Array(0);

/** The earlier values of everything that a block changed; nodes as differences unless they are wanted whole. */
export function* encodeHistory(
  entries: readonly ChangedEntry[],
  { wholeNodes }: { wholeNodes: boolean },
): Steps<HistoryRecords> {
  const bucketCount = Math.max(1, Math.ceil(entries.length / entriesPerBucket));
  const header = new Uint8Array(headerPrefixBytes + Math.max(1, Math.ceil((entries.length * filterBitsPerEntry) / 8)));
  writeUint32(header, 0, bucketCount);
  writeUint32(header, 4, entries.length);
  const parts = new EarlierValues(entries, bucketCount, wholeNodes);
  for (let index = 0; index < entries.length; index++) {
    addToFilter(header, parts.prepare(index));
    if ((index + 1) % entriesPerStep === 0) yield;
  }
  yield;
  const buckets = parts.write();
  yield;
  return { header, buckets };
}

/** Earlier values on their way into buckets, in arrays beside the entries: an object for each would outlive the step. */
class EarlierValues {
  readonly #entries: readonly ChangedEntry[];
  readonly #wholeNodes: boolean;
  readonly #buckets: Uint32Array;
  readonly #forms: Uint8Array;
  readonly #values: Uint8Array[] = [];
  /** Bytes of each bucket. */
  readonly #sizes: Uint32Array;

  constructor(entries: readonly ChangedEntry[], bucketCount: number, wholeNodes: boolean) {
    this.#entries = entries;
    this.#wholeNodes = wholeNodes;
    this.#buckets = new Uint32Array(entries.length);
    this.#forms = new Uint8Array(entries.length);
    this.#sizes = new Uint32Array(bucketCount);
  }

  /** Puts the value of the next entry into its form and answers the hash of its key. */
  prepare(index: number): number {
    const entry = this.#entries[index] as ChangedEntry;
    const hash = hashOf(entry.piece, entry.start, entry.end);
    const bucket = hash % this.#sizes.length;
    const { before, after } = entry;
    let value: Uint8Array = noBytes;
    let form = formAbsent;
    if (before !== undefined) {
      const isDifference = entry.isNode && !this.#wholeNodes && after !== undefined;
      const difference = isDifference ? encodeNodeDelta(before, after) : undefined;
      value = difference ?? before;
      form = difference === undefined ? formWhole : formDifference;
    }
    this.#buckets[index] = bucket;
    this.#forms[index] = form;
    this.#values.push(value);
    const size = entryPrefixBytes + entry.end - entry.start + value.length;
    this.#sizes[bucket] = (this.#sizes[bucket] as number) + size;
    return hash;
  }

  /** The buckets, when all are prepared. */
  write(): Uint8Array[] {
    const positions = new Uint32Array(this.#sizes.length);
    let length = 0;
    for (let bucket = 0; bucket < positions.length; bucket++) {
      positions[bucket] = length;
      length += this.#sizes[bucket] as number;
    }
    const all = new Uint8Array(length);
    for (let index = 0; index < this.#entries.length; index++) {
      const bucket = this.#buckets[index] as number;
      positions[bucket] = this.#writePart(index, all, positions[bucket] as number);
    }
    return Array.from(positions, (end, bucket) => all.subarray(end - (this.#sizes[bucket] as number), end));
  }

  #writePart(index: number, target: Uint8Array, start: number): number {
    const { piece, start: keyStart, end: keyEnd } = this.#entries[index] as ChangedEntry;
    const value = this.#values[index] as Uint8Array;
    const keyLength = keyEnd - keyStart;
    target[start] = this.#forms[index] as number;
    target[start + 1] = keyLength >> 8;
    target[start + 2] = keyLength;
    target[start + 3] = value.length >> 8;
    target[start + 4] = value.length;
    let at = start + entryPrefixBytes;
    for (let from = keyStart; from < keyEnd; from++) target[at++] = piece[from] as number;
    target.set(value, at);
    return at + value.length;
  }
}

/** The entries of a bucket; their arrays share its bytes. */
export function* bucketEntries(bucket: Uint8Array): Generator<HistoryEntry> {
  for (let at = 0; at < bucket.length; ) {
    const keyAt = at + entryPrefixBytes;
    const bytesAt = keyAt + (((bucket[at + 1] as number) << 8) | (bucket[at + 2] as number));
    const end = bytesAt + (((bucket[at + 3] as number) << 8) | (bucket[at + 4] as number));
    const form = forms[bucket[at] as number] as HistoryForm;
    yield { key: bucket.subarray(keyAt, bytesAt), form, bytes: bucket.subarray(bytesAt, end) };
    at = end;
  }
}

/** How many buckets a header announces. */
export function bucketCountOf(header: Uint8Array): number {
  return readUint32(header, 0);
}

/** The bucket that holds a key, by its `hashOf`, if any does; undefined when the block did not change it. */
export function bucketOf(header: Uint8Array, hash: number): number | undefined {
  const bits = (header.length - headerPrefixBytes) * 8;
  const step = mixBits(hash) | 1;
  for (let probe = 0; probe < probes; probe++) {
    const bit = ((hash + Math.imul(probe, step)) >>> 0) % bits;
    if (((header[headerPrefixBytes + (bit >>> 3)] as number) & (1 << (bit & 7))) === 0) return undefined;
  }
  return hash % bucketCountOf(header);
}

function addToFilter(header: Uint8Array, hash: number): void {
  const bits = (header.length - headerPrefixBytes) * 8;
  const step = mixBits(hash) | 1;
  for (let probe = 0; probe < probes; probe++) {
    const bit = ((hash + Math.imul(probe, step)) >>> 0) % bits;
    const at = headerPrefixBytes + (bit >>> 3);
    header[at] = (header[at] as number) | (1 << (bit & 7));
  }
}

/** FNV-1a of a key, 32 bits, mixed once more because its low bits are weak. */
export function hashOf(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let hash = 0x811c9dc5;
  for (let index = start; index < end; index++) hash = Math.imul(hash ^ (bytes[index] as number), 0x01000193);
  return mixBits(hash) >>> 0;
}
