import { type FileHandle, open } from "node:fs/promises";
import { ModelError } from "./errors.ts";

/** One tensor of a safetensors file; `start` and `end` are absolute file offsets. */
export interface SafeTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

const headerBytesMax = 16 * 1024 * 1024;
const dtypeBytes = new Map([
  ["F64", 8],
  ["F32", 4],
  ["F16", 2],
  ["BF16", 2],
  ["I64", 8],
  ["I32", 4],
  ["I16", 2],
  ["I8", 1],
  ["U8", 1],
  ["BOOL", 1],
]);

/** A safetensors file open for reading; its index is checked to cover the file exactly, without gaps or overlaps. */
export class SafetensorsFile {
  readonly tensors: ReadonlyMap<string, SafeTensor>;
  readonly #file: FileHandle;

  private constructor(file: FileHandle, tensors: ReadonlyMap<string, SafeTensor>) {
    this.#file = file;
    this.tensors = tensors;
  }

  static async open(path: string): Promise<SafetensorsFile> {
    const file = await open(path, "r");
    try {
      return new SafetensorsFile(file, await readIndex(file));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** The bytes of one F32 tensor as numbers. */
  async readFloat32(tensor: SafeTensor): Promise<Float32Array> {
    if (tensor.dtype !== "F32") throw invalid(`${tensor.name} is ${tensor.dtype}, not F32`);
    const bytes = await readExactly(this.#file, tensor.start, tensor.end - tensor.start);
    const numbers = new Float32Array(bytes.length / 4);
    for (let i = 0; i < numbers.length; i++) numbers[i] = bytes.readFloatLE(i * 4);
    return numbers;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}

async function readIndex(file: FileHandle): Promise<ReadonlyMap<string, SafeTensor>> {
  const { size } = await file.stat();
  if (size < 8) throw invalid("file is shorter than its length field");
  const headerBytes = (await readExactly(file, 0, 8)).readBigUInt64LE();
  if (headerBytes > BigInt(headerBytesMax) || 8n + headerBytes > BigInt(size))
    throw invalid("header length is not sane");
  const dataStart = 8 + Number(headerBytes);
  const index = parseHeader(await readExactly(file, 8, Number(headerBytes)));
  const tensors = Object.entries(index)
    .filter(([name]) => name !== "__metadata__")
    .map(([name, entry]) => parseTensor(name, entry, dataStart))
    .sort((a, b) => a.start - b.start || a.end - b.end);
  let covered = dataStart;
  for (const tensor of tensors) {
    if (tensor.start !== covered) throw invalid(`${tensor.name} leaves a gap or overlaps`);
    covered = tensor.end;
  }
  if (covered !== size) throw invalid("tensors do not cover the file");
  return new Map(tensors.map((tensor) => [tensor.name, tensor]));
}

function parseHeader(bytes: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(bytes.toString("utf8"));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (cause) {
    throw new ModelError({ code: "SAFETENSORS_INVALID", reason: "header is not JSON" }, { cause });
  }
  throw invalid("header is not an object");
}

function parseTensor(name: string, entry: unknown, dataStart: number): SafeTensor {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
  if (typeof dtype !== "string" || !isCounts(shape) || !isCounts(offsets) || offsets.length !== 2) {
    throw invalid(`entry of ${name} is malformed`);
  }
  const itemBytes = dtypeBytes.get(dtype);
  if (itemBytes === undefined) throw invalid(`${name} has the unknown type ${dtype}`);
  const [start = 0, end = 0] = offsets;
  const elements = shape.reduce((product, size) => product * size, 1);
  if (end - start !== elements * itemBytes) throw invalid(`${name} has ${end - start} bytes for ${elements} elements`);
  return { name, dtype, shape, start: dataStart + start, end: dataStart + end };
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

async function readExactly(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, position + filled);
    if (bytesRead === 0) throw invalid("file ends early");
    filled += bytesRead;
  }
  return bytes;
}

function invalid(reason: string): ModelError {
  return new ModelError({ code: "SAFETENSORS_INVALID", reason });
}
