import type { FileHandle } from "node:fs/promises";
import { open } from "node:fs/promises";
import { ModelError } from "../errors.ts";
import { GgufCursor, HeaderTruncated } from "./cursor.ts";
import { type TensorType, tensorTypes } from "./tensor-types.ts";
import { arrayTypeId, type GgufMetadata, type GgufValue, metadataInteger } from "./values.ts";

/** One tensor of the index; `offset` counts from the start of the file. */
interface GgufTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: TensorType;
  readonly offset: number;
  readonly sizeBytes: number;
}

/** Everything before the tensor bytes. */
export interface GgufHeader {
  readonly version: number;
  readonly metadata: GgufMetadata;
  readonly tensors: readonly GgufTensor[];
  readonly dataOffset: number;
}

const magic = 0x46554747;
/** A vocabulary of 256k tokens with merges takes about 15 MB. */
const headerBytesMax = 256 * 1024 * 1024;
const firstReadBytes = 1024 * 1024;
const limits = { stringBytes: 16 * 1024 * 1024, arrayItems: 16 * 1024 * 1024 };
const keysMax = 65_536;
const tensorsMax = 262_144;
const nameBytesMax = 64;

/** Reads and checks the header of a GGUF file; tensor bytes are only checked to lie inside the file without overlap. */
export async function readGgufFile(path: string): Promise<GgufHeader> {
  await using file = await open(path, "r");
  const { size } = await file.stat();
  for (let length = Math.min(size, firstReadBytes); ; length = Math.min(size, length * 4)) {
    try {
      return parseGgufHeader(await readStart(file, length), size);
    } catch (error) {
      if (!(error instanceof HeaderTruncated)) throw error;
      if (length === size) throw new ModelError({ code: "GGUF_INVALID", reason: "file ends inside the header" });
      if (length >= headerBytesMax) {
        throw new ModelError({ code: "MODEL_TOO_LARGE", what: "GGUF header", limitBytes: headerBytesMax });
      }
    }
  }
}

/** Parses a header from the start of a file of `fileBytes` bytes; throws HeaderTruncated when `bytes` holds too little of it. */
export function parseGgufHeader(bytes: Buffer, fileBytes: number): GgufHeader {
  const cursor = new GgufCursor(bytes, limits);
  if (cursor.u32() !== magic) throw cursor.fault("not a GGUF file");
  const version = cursor.u32();
  if (version !== 2 && version !== 3) throw cursor.fault(`version ${version} is not supported`);
  const tensorCount = cursor.count(tensorsMax, "tensor count");
  const keyCount = cursor.count(keysMax, "metadata count");
  const metadata = readMetadata(cursor, keyCount);
  const alignment = alignmentOf(cursor, metadata);
  const listed = Array.from({ length: tensorCount }, () => readTensor(cursor, alignment));
  const dataOffset = alignUp(cursor.offset, alignment);
  const tensors = listed.map((tensor) => ({ ...tensor, offset: tensor.offset + dataOffset }));
  checkPlacement(cursor, tensors, fileBytes);
  return { version, metadata, tensors, dataOffset };
}

function readMetadata(cursor: GgufCursor, keyCount: number): GgufMetadata {
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < keyCount; i++) {
    const key = cursor.string();
    if (key.length === 0 || key.length > 65_535) throw cursor.fault("metadata key is empty or too long");
    if (metadata.has(key)) throw cursor.fault(`metadata key ${key} is repeated`);
    metadata.set(key, readValue(cursor));
  }
  return metadata;
}

function readValue(cursor: GgufCursor): GgufValue {
  const start = cursor.offset;
  if (cursor.u32() === arrayTypeId) return cursor.array();
  cursor.offset = start;
  return cursor.scalar(cursor.scalarType());
}

function readTensor(cursor: GgufCursor, alignment: number): GgufTensor {
  const name = cursor.string();
  if (name.length === 0 || Buffer.byteLength(name) >= nameBytesMax)
    throw cursor.fault(`tensor name ${name} is too long`);
  const dimensions = cursor.u32();
  if (dimensions < 1 || dimensions > 4) throw cursor.fault(`tensor ${name} has ${dimensions} dimensions`);
  const shape = Array.from({ length: dimensions }, () => cursor.count(2 ** 40, `dimension of ${name}`));
  const typeId = cursor.u32();
  const type = tensorTypes.get(typeId);
  if (type === undefined) throw cursor.fault(`tensor ${name} has the unknown type ${typeId}`);
  const elements = shape.reduce((product, size) => product * size, 1);
  const row = shape[0] ?? 0;
  if (elements === 0 || !Number.isSafeInteger(elements)) throw cursor.fault(`tensor ${name} has no sane size`);
  if (row % type.blockElements !== 0) throw cursor.fault(`rows of ${name} are no multiple of a ${type.name} block`);
  const offset = cursor.count(Number.MAX_SAFE_INTEGER, `offset of ${name}`);
  if (offset % alignment !== 0) throw cursor.fault(`tensor ${name} is not aligned`);
  return { name, shape, type, offset, sizeBytes: (elements / type.blockElements) * type.blockBytes };
}

function alignmentOf(cursor: GgufCursor, metadata: GgufMetadata): number {
  if (!metadata.has("general.alignment")) return 32;
  const alignment = metadataInteger(metadata, "general.alignment") ?? 0;
  if (alignment < 8 || alignment > 65_536 || alignment % 8 !== 0)
    throw cursor.fault(`alignment ${alignment} is not legal`);
  return alignment;
}

function checkPlacement(cursor: GgufCursor, tensors: readonly GgufTensor[], fileBytes: number): void {
  const names = new Set<string>();
  let end = 0;
  for (const tensor of [...tensors].sort((a, b) => a.offset - b.offset)) {
    if (names.has(tensor.name)) throw cursor.fault(`tensor ${tensor.name} is repeated`);
    names.add(tensor.name);
    if (tensor.offset < end) throw cursor.fault(`tensor ${tensor.name} overlaps another`);
    end = tensor.offset + tensor.sizeBytes;
    if (end > fileBytes) throw cursor.fault(`tensor ${tensor.name} ends after the file`);
  }
}

/** The next multiple of `alignment` at or after `offset`. */
export function alignUp(offset: number, alignment: number): number {
  return Math.ceil(offset / alignment) * alignment;
}

async function readStart(file: FileHandle, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}
