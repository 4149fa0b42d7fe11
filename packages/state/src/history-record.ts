import type { Steps } from "@koinon/trie/steps";
import { readUint32, writeUint32 } from "./checksum.ts";
import { mixBits } from "./hash-mix.ts";
import { encodeNodeDelta } from "./node-delta.ts";

/** An entry that a block changed, by its key on disk. */
export interface ChangedEntry {
  readonly key: Uint8Array;
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
  const ends = new Uint32Array(bucketCount);
  const parts: Part[] = [];
  for (const entry of entries) {
    const hash = hashOf(entry.key);
    addToFilter(header, hash);
    const part = encodeEarlier(entry, hash % bucketCount, wholeNodes);
    ends[part.bucket] = (ends[part.bucket] as number) + entryPrefixBytes + part.key.length + part.bytes.length;
    parts.push(part);
    if (parts.length % entriesPerStep === 0) yield;
  }
  const positions = new Uint32Array(bucketCount);
  for (let index = 1; index < bucketCount; index++) {
    positions[index] = ends[index - 1] as number;
    ends[index] = (ends[index] as number) + (positions[index] as number);
  }
  const all = new Uint8Array(ends[bucketCount - 1] as number);
  yield;
  for (const part of parts) positions[part.bucket] = writePart(part, all, positions[part.bucket] as number);
  yield;
  const buckets = Array.from(ends, (end, index) => all.subarray(index === 0 ? 0 : ends[index - 1], end));
  return { header, buckets };
}

interface Part {
  readonly bucket: number;
  readonly key: Uint8Array;
  readonly form: number;
  readonly bytes: Uint8Array;
}

function encodeEarlier({ key, isNode, before, after }: ChangedEntry, bucket: number, wholeNodes: boolean): Part {
  if (before === undefined) return { bucket, key, form: formAbsent, bytes: noBytes };
  const difference = isNode && !wholeNodes && after !== undefined ? encodeNodeDelta(before, after) : undefined;
  if (difference === undefined) return { bucket, key, form: formWhole, bytes: before };
  return { bucket, key, form: formDifference, bytes: difference };
}

function writePart({ key, form, bytes }: Part, target: Uint8Array, start: number): number {
  target[start] = form;
  target[start + 1] = key.length >> 8;
  target[start + 2] = key.length;
  target[start + 3] = bytes.length >> 8;
  target[start + 4] = bytes.length;
  target.set(key, start + entryPrefixBytes);
  const bytesAt = start + entryPrefixBytes + key.length;
  target.set(bytes, bytesAt);
  return bytesAt + bytes.length;
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

/** FNV-1a, 32 bits, mixed once more because its low bits are weak. */
export function hashOf(key: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index++) hash = Math.imul(hash ^ (key[index] as number), 0x01000193);
  return mixBits(hash) >>> 0;
}
