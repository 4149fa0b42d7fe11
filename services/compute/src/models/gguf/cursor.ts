import { ModelError } from "../errors.ts";
import { type GgufArray, type GgufScalar, type GgufScalarType, scalarTypeIds } from "./values.ts";

/** The bytes at hand end before the structure does; the caller reads more of the file or gives up. */
export class HeaderTruncated extends Error {}

const typeNames = new Map<number, GgufScalarType>(
  Object.entries(scalarTypeIds).map(([name, id]) => [id, name as GgufScalarType]),
);
const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Reads little-endian GGUF primitives from a buffer and never past its end. */
export class GgufCursor {
  offset = 0;
  readonly #bytes: Buffer;
  readonly #limits: { readonly stringBytes: number; readonly arrayItems: number };

  constructor(bytes: Buffer, limits: { stringBytes: number; arrayItems: number }) {
    this.#bytes = bytes;
    this.#limits = limits;
  }

  u32(): number {
    return this.#bytes.readUInt32LE(this.#take(4));
  }

  /** A 64-bit count that must fit a double exactly. */
  count(limit: number, what: string): number {
    const value = this.#bytes.readBigUInt64LE(this.#take(8));
    if (value > BigInt(limit)) throw this.fault(`${what} ${value} is over the limit of ${limit}`);
    return Number(value);
  }

  string(): string {
    const length = this.count(this.#limits.stringBytes, "string length");
    const start = this.#take(length);
    try {
      return strictUtf8.decode(this.#bytes.subarray(start, start + length));
    } catch (cause) {
      throw new ModelError({ code: "GGUF_INVALID", reason: "string is not UTF-8", offset: start }, { cause });
    }
  }

  scalarType(): GgufScalarType {
    const id = this.u32();
    const name = typeNames.get(id);
    if (name === undefined) throw this.fault(`metadata type ${id} is unknown`);
    return name;
  }

  scalar(type: GgufScalarType): GgufScalar {
    const bytes = this.#bytes;
    switch (type) {
      case "u8":
        return { type, value: bytes.readUInt8(this.#take(1)) };
      case "i8":
        return { type, value: bytes.readInt8(this.#take(1)) };
      case "u16":
        return { type, value: bytes.readUInt16LE(this.#take(2)) };
      case "i16":
        return { type, value: bytes.readInt16LE(this.#take(2)) };
      case "u32":
        return { type, value: this.u32() };
      case "i32":
        return { type, value: bytes.readInt32LE(this.#take(4)) };
      case "f32":
        return { type, value: bytes.readFloatLE(this.#take(4)) };
      case "f64":
        return { type, value: bytes.readDoubleLE(this.#take(8)) };
      case "u64":
        return { type, value: bytes.readBigUInt64LE(this.#take(8)) };
      case "i64":
        return { type, value: bytes.readBigInt64LE(this.#take(8)) };
      case "string":
        return { type, value: this.string() };
      case "bool":
        return { type, value: this.#bool() };
    }
  }

  array(): GgufArray {
    const of = this.scalarType();
    const length = this.count(this.#limits.arrayItems, "array length");
    const values: (number | bigint | boolean | string)[] = [];
    for (let i = 0; i < length; i++) values.push(this.scalar(of).value);
    return { type: "array", of, values } as GgufArray;
  }

  fault(reason: string): ModelError {
    return new ModelError({ code: "GGUF_INVALID", reason, offset: this.offset });
  }

  #bool(): boolean {
    const byte = this.#bytes.readUInt8(this.#take(1));
    if (byte > 1) throw this.fault(`boolean is ${byte}`);
    return byte === 1;
  }

  #take(length: number): number {
    const start = this.offset;
    if (start + length > this.#bytes.length) throw new HeaderTruncated();
    this.offset = start + length;
    return start;
  }
}
