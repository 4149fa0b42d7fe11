import type { FileHandle } from "node:fs/promises";
import { alignUp } from "./read.ts";
import { type TensorType, tensorTypes } from "./tensor-types.ts";
import { arrayTypeId, type GgufMetadata, type GgufScalarType, type GgufValue, scalarTypeIds } from "./values.ts";

/** A tensor to write; `bytes` yields exactly its packed size and is called when its turn comes, so one tensor is in memory at a time. */
export interface TensorToWrite {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: "F32" | "F16";
  bytes(): Promise<Uint8Array>;
}

const alignment = 32;
const typeIds = new Map<string, { id: number; type: TensorType }>(
  [...tensorTypes].map(([id, type]) => [type.name, { id, type }]),
);

/** Writes a GGUF v3 file from the current start of `file`; the same input gives the same bytes. Returns the size in bytes. */
export async function writeGguf(
  file: FileHandle,
  metadata: GgufMetadata,
  tensors: readonly TensorToWrite[],
): Promise<number> {
  const header = encodeHeader(metadata, tensors);
  await file.writeFile(header);
  let offset = header.length;
  for (const tensor of tensors) {
    const bytes = await tensor.bytes();
    if (bytes.length !== sizeBytes(tensor)) throw new RangeError(`tensor ${tensor.name} has ${bytes.length} bytes`);
    const padding = alignUp(bytes.length, alignment) - bytes.length;
    await file.writeFile(bytes);
    await file.writeFile(Buffer.alloc(padding));
    offset += bytes.length + padding;
  }
  return offset;
}

/** One metadata pair as in a GGUF file; also what the tokenizer hash is taken over. */
export function encodeMetadataPair(key: string, value: GgufValue): Buffer {
  if (value.type !== "array") {
    return Buffer.concat([encodeString(key), u32(scalarTypeIds[value.type]), encodeScalar(value.type, value.value)]);
  }
  const head = [encodeString(key), u32(arrayTypeId), u32(scalarTypeIds[value.of]), u64(BigInt(value.values.length))];
  return Buffer.concat([...head, ...value.values.map((item) => encodeScalar(value.of, item))]);
}

function encodeHeader(metadata: GgufMetadata, tensors: readonly TensorToWrite[]): Buffer {
  const parts = [Buffer.from("GGUF"), u32(3), u64(BigInt(tensors.length)), u64(BigInt(metadata.size))];
  for (const [key, value] of metadata) parts.push(encodeMetadataPair(key, value));
  let offset = 0;
  for (const tensor of tensors) {
    parts.push(encodeString(tensor.name), u32(tensor.shape.length), ...tensor.shape.map((size) => u64(BigInt(size))));
    parts.push(u32(typeIds.get(tensor.type)?.id ?? 0), u64(BigInt(offset)));
    offset += alignUp(sizeBytes(tensor), alignment);
  }
  const header = Buffer.concat(parts);
  return Buffer.concat([header, Buffer.alloc(alignUp(header.length, alignment) - header.length)]);
}

function sizeBytes(tensor: TensorToWrite): number {
  const elements = tensor.shape.reduce((product, size) => product * size, 1);
  return elements * (typeIds.get(tensor.type)?.type.blockBytes ?? 0);
}

function encodeScalar(type: GgufScalarType, value: number | bigint | boolean | string): Buffer {
  if (typeof value === "string") return encodeString(value);
  if (typeof value === "boolean") return Buffer.from([value ? 1 : 0]);
  if (typeof value === "bigint") return type === "i64" ? u64(BigInt.asUintN(64, value)) : u64(value);
  return encodeNumber(type, value);
}

function encodeNumber(type: GgufScalarType, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  switch (type) {
    case "u8":
      return bytes.subarray(0, bytes.writeUInt8(value));
    case "i8":
      return bytes.subarray(0, bytes.writeInt8(value));
    case "u16":
      return bytes.subarray(0, bytes.writeUInt16LE(value));
    case "i16":
      return bytes.subarray(0, bytes.writeInt16LE(value));
    case "u32":
      return bytes.subarray(0, bytes.writeUInt32LE(value));
    case "i32":
      return bytes.subarray(0, bytes.writeInt32LE(value));
    case "f32":
      return bytes.subarray(0, bytes.writeFloatLE(value));
    case "f64":
      return bytes.subarray(0, bytes.writeDoubleLE(value));
    default:
      throw new RangeError(`${type} does not hold a number`);
  }
}

function encodeString(text: string): Buffer {
  const bytes = Buffer.from(text, "utf8");
  return Buffer.concat([u64(BigInt(bytes.length)), bytes]);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}
