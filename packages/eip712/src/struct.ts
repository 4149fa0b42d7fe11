import { keccak256 } from "@koinon/secp256k1/keccak";
import { type Codec, createWords, type Reader, type Words, wordsOf } from "./codec.ts";
import { createDynamicCodec } from "./dynamic-codec.ts";
import { TypedDataError } from "./fault.ts";
import type { DynamicType, Struct, StructFields, WordType } from "./field-type.ts";
import { createWordCodec, readSmallWord, smallWordAt, writeSmallWord } from "./word-codec.ts";

interface Member {
  readonly name: string;
  readonly codec: Codec;
  readonly headOffset: number;
}

/** What a struct keeps for the structs that contain it. */
interface StructCodec {
  readonly codec: Codec;
  /** Own definition and those of nested structs, by name. */
  readonly definitions: ReadonlyMap<string, string>;
}

const structCodecs = new WeakMap<object, StructCodec>();

/** Compiles a struct type from its members in order. A member is a Solidity type's name or another compiled struct. */
export function defineStruct<V extends object>(name: string, fields: StructFields<V>): Struct<V> {
  const { members, headBytes, definitions } = compileMembers(name, Object.entries(fields));
  const encodeType = [...definitions.values()].join("");
  const typeHash = keccak256(new TextEncoder().encode(encodeType));

  // One buffer per type is enough: hashing is synchronous, and a struct can not contain itself.
  const hashed = createWords(32 + 32 * members.length);
  hashed.bytes.set(typeHash);
  const hash = (value: object): Uint8Array => {
    for (let index = 0; index < members.length; index++) {
      const { name: memberName, codec: memberCodec } = members[index] as Member;
      memberCodec.writeHashWord(memberOf(value, memberName), hashed, 32 + 32 * index);
    }
    return keccak256(hashed.bytes);
  };
  const hashAt = (encoded: Words, start: number): Uint8Array => {
    for (let index = 0; index < members.length; index++) {
      const { codec: memberCodec, headOffset } = members[index] as Member;
      const head = start + headOffset;
      const from = memberCodec.dynamic ? start + smallWordAt(encoded, head) : head;
      memberCodec.copyHashWord(encoded, from, hashed, 32 + 32 * index);
    }
    return keccak256(hashed.bytes);
  };

  const codec = createTupleCodec(name, members, headBytes, { hash, hashAt });
  const struct: Struct<V> = {
    name,
    fields,
    encodeType,
    typeHash,
    hash,
    hashEncoded: (bytes) => hashAt(wordsOf(bytes), codec.dynamic ? 32 : 0),
    encode(value) {
      const start = codec.dynamic ? 32 : 0;
      const words = createWords(start + codec.sizeBytes(value));
      if (codec.dynamic) writeSmallWord(words, 0, 32);
      codec.write(value, words, start);
      return words.bytes;
    },
    decode: (bytes) => decodeWhole(name, codec, bytes) as V,
  };
  structCodecs.set(struct, { codec, definitions });
  return struct;
}

function compileMembers(name: string, fields: readonly [string, unknown][]) {
  const nested = new Map<string, string>();
  let headBytes = 0;
  const members = fields.map(([memberName, type]): Member => {
    const codec = compileMember(`${name}.${memberName}`, type, nested);
    const member = { name: memberName, codec, headOffset: headBytes };
    headBytes += codec.headBytes;
    return member;
  });
  const own = `${name}(${members.map(({ codec, name: memberName }) => `${codec.typeName} ${memberName}`).join(",")})`;
  const sorted = [...nested].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return { members, headBytes, definitions: new Map([[name, own], ...sorted]) };
}

function compileMember(field: string, type: unknown, nested: Map<string, string>): Codec {
  if (typeof type === "object" && type !== null) {
    const struct = structCodecs.get(type);
    if (struct === undefined) throw new TypeError(`${field} is not a compiled struct`);
    for (const [name, definition] of struct.definitions) nested.set(name, definition);
    return struct.codec;
  }
  if (type === "string" || type === "bytes32[]") return createDynamicCodec(type satisfies DynamicType, field);
  return createWordCodec(type as WordType, field);
}

/** A struct as the ABI's tuple: the members' heads, then the contents of the dynamic ones in order. */
function createTupleCodec(
  name: string,
  members: readonly Member[],
  tupleHeadBytes: number,
  { hash, hashAt }: { hash(value: object): Uint8Array; hashAt(encoded: Words, start: number): Uint8Array },
): Codec {
  const dynamic = members.some(({ codec }) => codec.dynamic);
  return {
    typeName: name,
    dynamic,
    headBytes: dynamic ? 32 : tupleHeadBytes,
    sizeBytes(value) {
      const tuple = asObject(value, name);
      let size = tupleHeadBytes;
      for (const { codec, name: memberName } of members) {
        if (codec.dynamic) size += codec.sizeBytes(memberOf(tuple, memberName));
      }
      return size;
    },
    write(value, words, offset) {
      const tuple = asObject(value, name);
      let next = offset + tupleHeadBytes;
      for (const { codec, name: memberName, headOffset } of members) {
        const member = memberOf(tuple, memberName);
        if (!codec.dynamic) {
          codec.write(member, words, offset + headOffset);
          continue;
        }
        writeSmallWord(words, offset + headOffset, next - offset);
        codec.write(member, words, next);
        next += codec.sizeBytes(member);
      }
    },
    read: (reader, offset) => readTuple(name, members, tupleHeadBytes, dynamic, reader, offset),
    writeHashWord: (value, words, offset) => words.bytes.set(hash(asObject(value, name)), offset),
    copyHashWord: (encoded, from, words, offset) => words.bytes.set(hashAt(encoded, from), offset),
  };
}

function readTuple(
  name: string,
  members: readonly Member[],
  headBytes: number,
  dynamic: boolean,
  reader: Reader,
  offset: number,
): object {
  if (dynamic) reader.next = offset + headBytes;
  if (offset + headBytes > reader.bytes.length) {
    throw new TypedDataError({ code: "TYPED_ENCODING_INVALID", field: name, reason: "too short" });
  }
  const value: Record<string, unknown> = {};
  for (const { codec, name: memberName, headOffset } of members) {
    if (!codec.dynamic) {
      value[memberName] = codec.read(reader, offset + headOffset);
      continue;
    }
    const field = `${name}.${memberName}`;
    // Contents lie behind each other without gaps: any other offset is another encoding of the same value.
    if (readSmallWord(reader, offset + headOffset, field) !== reader.next - offset) {
      throw new TypedDataError({ code: "TYPED_ENCODING_INVALID", field, reason: "offset" });
    }
    value[memberName] = codec.read(reader, reader.next);
  }
  return value;
}

function decodeWhole(name: string, codec: Codec, bytes: Uint8Array): unknown {
  const reader: Reader = { ...wordsOf(bytes), next: codec.headBytes };
  if (codec.dynamic && readSmallWord(reader, 0, name) !== 32) {
    throw new TypedDataError({ code: "TYPED_ENCODING_INVALID", field: name, reason: "offset" });
  }
  const value = codec.read(reader, codec.dynamic ? 32 : 0);
  if (reader.next !== bytes.length) {
    throw new TypedDataError({ code: "TYPED_ENCODING_INVALID", field: name, reason: "trailing bytes" });
  }
  return value;
}

function memberOf(value: object, name: string): unknown {
  return (value as Readonly<Record<string, unknown>>)[name];
}

function asObject(value: unknown, name: string): object {
  if (typeof value !== "object" || value === null) {
    throw new TypedDataError({ code: "TYPED_VALUE_INVALID", field: name, type: name });
  }
  return value;
}
