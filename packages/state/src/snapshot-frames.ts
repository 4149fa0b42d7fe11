import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { readUint32, writeUint32 } from "./checksum.ts";
import { StateError } from "./state-error.ts";

/**
 * What a snapshot consists of, in this order: the block; code, each before the first account that has it; accounts, each
 * followed by its slots; entries of the user's tables; the end, whose value is the SHA-256 of all records before it.
 */
export const recordKinds = ["block", "code", "account", "slot", "entry", "end"] as const;

/** One record; what key and value hold depends on the kind. */
export interface SnapshotRecord {
  readonly kind: (typeof recordKinds)[number];
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

const magic = new TextEncoder().encode("koinon-state-1\n\n");
const frameHeaderBytes = 8;
const recordHeaderBytes = 7;
/** A frame is written out when it has grown to this. */
const frameBytes = 65_536;
/** The longest frame that is read, which bounds memory: one record, the longest value that a table may hold. */
const frameBytesMax = 64 * 2 ** 20;
const noBytes = new Uint8Array(0);

/** Records as a stream of frames: length, CRC-32 and that many bytes of records. */
export function* encodeFrames(records: Iterable<SnapshotRecord>): Generator<Uint8Array> {
  yield magic;
  const digest = createHash("sha256");
  let parts: Uint8Array[] = [];
  let length = 0;
  for (const record of records) {
    const bytes = encodeRecord(record);
    digest.update(bytes);
    parts.push(bytes);
    length += bytes.length;
    if (length < frameBytes) continue;
    yield frameOf(parts);
    parts = [];
    length = 0;
  }
  parts.push(encodeRecord({ kind: "end", key: noBytes, value: digest.digest() }));
  yield frameOf(parts);
}

function encodeRecord({ kind, key, value }: SnapshotRecord): Uint8Array {
  const bytes = new Uint8Array(recordHeaderBytes + key.length + value.length);
  bytes[0] = recordKinds.indexOf(kind);
  bytes[1] = key.length >> 8;
  bytes[2] = key.length;
  writeUint32(bytes, 3, value.length);
  bytes.set(key, recordHeaderBytes);
  bytes.set(value, recordHeaderBytes + key.length);
  return bytes;
}

function frameOf(parts: readonly Uint8Array[]): Uint8Array {
  const payload = Buffer.concat(parts);
  const frame = new Uint8Array(frameHeaderBytes + payload.length);
  writeUint32(frame, 0, payload.length);
  writeUint32(frame, 4, crc32(payload));
  frame.set(payload, frameHeaderBytes);
  return frame;
}

/** The records of a stream, the end left out; throws StateError `SNAPSHOT_INVALID` unless it is whole and nothing else. */
export async function* decodeFrames(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<SnapshotRecord> {
  const digest = createHash("sha256");
  let hasEnded = false;
  for await (const frame of framesOf(chunks)) {
    if (hasEnded) throw invalid("bytes after the end");
    for (let at = 0; at < frame.length; ) {
      const { record, end } = decodeRecord(frame, at);
      if (record.kind !== "end") {
        digest.update(frame.subarray(at, end));
        yield record;
      } else if (end !== frame.length || Buffer.compare(digest.digest(), record.value) !== 0) throw invalid("digest");
      else hasEnded = true;
      at = end;
    }
  }
  if (!hasEnded) throw invalid("cut short");
}

function decodeRecord(frame: Uint8Array, at: number): { record: SnapshotRecord; end: number } {
  const kind = recordKinds[frame[at] as number];
  const keyAt = at + recordHeaderBytes;
  if (kind === undefined || keyAt > frame.length) throw invalid("record");
  const valueAt = keyAt + (((frame[at + 1] as number) << 8) | (frame[at + 2] as number));
  const end = valueAt + readUint32(frame, at + 3);
  if (end > frame.length) throw invalid("record");
  return { record: { kind, key: frame.subarray(keyAt, valueAt), value: frame.subarray(valueAt, end) }, end };
}

/** Cuts a stream of pieces of any size into the payloads of its frames. */
async function* framesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held: Uint8Array = noBytes;
  let wanted = magic.length;
  let isStarted = false;
  for await (const chunk of chunks) {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    while (held.length >= wanted) {
      if (!isStarted) {
        if (Buffer.compare(held.subarray(0, wanted), magic) !== 0) throw invalid("not a snapshot of this version");
        isStarted = true;
      } else if (wanted === frameHeaderBytes) {
        wanted += readUint32(held, 0);
        if (wanted === frameHeaderBytes || wanted > frameBytesMax) throw invalid("frame");
        continue;
      } else {
        const payload = held.subarray(frameHeaderBytes, wanted);
        if (crc32(payload) !== readUint32(held, 4)) throw invalid("checksum");
        yield payload;
      }
      held = held.subarray(wanted);
      wanted = frameHeaderBytes;
    }
  }
  if (!isStarted || held.length > 0) throw invalid("cut short");
}

function invalid(reason: string): StateError {
  return new StateError({ code: "SNAPSHOT_INVALID", reason });
}
