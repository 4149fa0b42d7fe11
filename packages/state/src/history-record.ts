import { encodeNodeDelta } from "./node-delta.ts";
import { isNodeKey, keyToBytes } from "./state-key.ts";
import type { StateDelta } from "./state-source.ts";

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
const entriesPerBucket = 16;
/** Ten bits and five probes a key: about one false alarm in a hundred. */
const filterBitsPerEntry = 10;
const probes = 5;
const headerPrefixBytes = 8;

const forms: readonly HistoryForm[] = ["absent", "whole", "difference"];

/** The earlier values of everything that a block changed; nodes as differences unless they are wanted whole. */
export function encodeHistory(delta: StateDelta, { wholeNodes }: { wholeNodes: boolean }): HistoryRecords {
  const bucketCount = Math.max(1, Math.ceil(delta.size / entriesPerBucket));
  const filterBytes = Math.max(1, Math.ceil((delta.size * filterBitsPerEntry) / 8));
  const header = new Uint8Array(headerPrefixBytes + filterBytes);
  const view = new DataView(header.buffer);
  view.setUint32(0, bucketCount);
  view.setUint32(4, delta.size);
  const buckets: HistoryEntry[][] = Array.from({ length: bucketCount }, () => []);
  for (const [name, { before, after }] of delta) {
    const key = keyToBytes(name);
    const hash = hashOf(key);
    probeFilter(header, hash, (byte, bit) => {
      header[byte] = (header[byte] as number) | bit;
      return true;
    });
    (buckets[hash % bucketCount] as HistoryEntry[]).push(entryOf(!wholeNodes && isNodeKey(name), key, before, after));
  }
  return { header, buckets: buckets.map(encodeBucket) };
}

function entryOf(
  mayDiffer: boolean,
  key: Uint8Array,
  before: Uint8Array | undefined,
  after: Uint8Array | undefined,
): HistoryEntry {
  if (before === undefined) return { key, form: "absent", bytes: new Uint8Array(0) };
  const difference = mayDiffer && after !== undefined ? encodeNodeDelta(before, after) : undefined;
  return difference === undefined
    ? { key, form: "whole", bytes: before }
    : { key, form: "difference", bytes: difference };
}

function encodeBucket(entries: readonly HistoryEntry[]): Uint8Array {
  let length = 0;
  for (const { key, bytes } of entries) length += 5 + key.length + bytes.length;
  const target = new Uint8Array(length);
  const view = new DataView(target.buffer);
  let at = 0;
  for (const { key, form, bytes } of entries) {
    target[at] = forms.indexOf(form);
    view.setUint16(at + 1, key.length);
    view.setUint16(at + 3, bytes.length);
    target.set(key, at + 5);
    target.set(bytes, at + 5 + key.length);
    at += 5 + key.length + bytes.length;
  }
  return target;
}

/** The entries of a bucket; their arrays share its bytes. */
export function* bucketEntries(bucket: Uint8Array): Generator<HistoryEntry> {
  const view = new DataView(bucket.buffer, bucket.byteOffset, bucket.length);
  for (let at = 0; at < bucket.length; ) {
    const keyAt = at + 5;
    const bytesAt = keyAt + view.getUint16(at + 1);
    const end = bytesAt + view.getUint16(at + 3);
    const form = forms[bucket[at] as number] as HistoryForm;
    yield { key: bucket.subarray(keyAt, bytesAt), form, bytes: bucket.subarray(bytesAt, end) };
    at = end;
  }
}

/** How many buckets a header announces. */
export function bucketCountOf(header: Uint8Array): number {
  return new DataView(header.buffer, header.byteOffset, header.length).getUint32(0);
}

/** The bucket that holds a key if any does; undefined when the block did not change it. */
export function bucketOf(header: Uint8Array, key: Uint8Array): number | undefined {
  const hash = hashOf(key);
  const mayHold = probeFilter(header, hash, (byte, bit) => ((header[byte] as number) & bit) !== 0);
  return mayHold ? hash % bucketCountOf(header) : undefined;
}

function probeFilter(header: Uint8Array, hash: number, visit: (byte: number, bit: number) => boolean): boolean {
  const bits = (header.length - headerPrefixBytes) * 8;
  const step = mix(hash) | 1;
  for (let probe = 0; probe < probes; probe++) {
    const bit = ((hash + Math.imul(probe, step)) >>> 0) % bits;
    if (!visit(headerPrefixBytes + (bit >>> 3), 1 << (bit & 7))) return false;
  }
  return true;
}

/** FNV-1a, 32 bits, mixed once more because its low bits are weak. */
function hashOf(key: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index++) hash = Math.imul(hash ^ (key[index] as number), 0x01000193);
  return mix(hash);
}

/** The finaliser of MurmurHash3. */
function mix(value: number): number {
  let hash = value ^ (value >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
