import { bytesToHex, isHex, writeHex } from "@koinon/secp256k1/hex";
import { keccak256 } from "@koinon/secp256k1/keccak";
import { type Codec, paddedBytes, type Words } from "./codec.ts";
import { TypedDataError } from "./fault.ts";
import type { DynamicType } from "./field-type.ts";
import { assertZero, readSmallWord, smallWordAt, writeSmallWord } from "./word-codec.ts";

/** Compiles a type of variable length. `field` names it in faults. */
export function createDynamicCodec(typeName: DynamicType, field: string): Codec {
  return typeName === "string" ? createStringCodec(field) : createBytes32ArrayCodec(field);
}

function createStringCodec(field: string): Codec {
  const encode = (value: unknown): Uint8Array => {
    // A lone surrogate has no UTF-8 form; TextEncoder would put U+FFFD in its place, so that two texts had one encoding.
    if (typeof value !== "string" || !value.isWellFormed()) {
      throw new TypedDataError({ code: "TYPED_VALUE_INVALID", field, type: "string" });
    }
    return new TextEncoder().encode(value);
  };
  return {
    typeName: "string",
    dynamic: true,
    headBytes: 32,
    sizeBytes: (value) => 32 + paddedBytes(encode(value).length),
    write(value, words, offset) {
      const text = encode(value);
      writeSmallWord(words, offset, text.length);
      words.bytes.set(text, offset + 32);
      words.bytes.fill(0, offset + 32 + text.length, offset + 32 + paddedBytes(text.length));
    },
    read(reader, offset) {
      const lengthBytes = readSmallWord(reader, offset, field);
      const start = offset + 32;
      reader.next = start + paddedBytes(lengthBytes);
      if (reader.next > reader.bytes.length) throw tooShort(field);
      assertZero(reader.bytes, start + lengthBytes, reader.next, field);
      return decodeText(reader.bytes.subarray(start, start + lengthBytes), field);
    },
    writeHashWord: (value, words, offset) => words.bytes.set(keccak256(encode(value)), offset),
    copyHashWord: (encoded, from, words, offset) => copyContentHash(encoded, from, 1, words, offset),
  };
}

function createBytes32ArrayCodec(field: string): Codec {
  const items = (value: unknown): readonly string[] => {
    if (!Array.isArray(value) || !value.every((item) => isHex(item, 32))) {
      throw new TypedDataError({ code: "TYPED_VALUE_INVALID", field, type: "bytes32[]" });
    }
    return value;
  };
  const writeItems = (list: readonly string[], bytes: Uint8Array, offset: number): void => {
    for (let index = 0; index < list.length; index++) writeHex(list[index] as string, bytes, offset + 32 * index, 32);
  };
  return {
    typeName: "bytes32[]",
    dynamic: true,
    headBytes: 32,
    sizeBytes: (value) => 32 + 32 * items(value).length,
    write(value, words, offset) {
      const list = items(value);
      writeSmallWord(words, offset, list.length);
      writeItems(list, words.bytes, offset + 32);
    },
    read(reader, offset) {
      const count = readSmallWord(reader, offset, field);
      const start = offset + 32;
      // Checked before the list is built: the count is the sender's word.
      if (count > (reader.bytes.length - start) / 32) throw tooShort(field);
      reader.next = start + 32 * count;
      return Array.from({ length: count }, (_, index) =>
        bytesToHex(reader.bytes.subarray(start + 32 * index, start + 32 * index + 32)),
      );
    },
    // EIP-712: an array's word is the hash of its items' words, without the count.
    writeHashWord(value, words, offset) {
      const list = items(value);
      const content = new Uint8Array(32 * list.length);
      writeItems(list, content, 0);
      words.bytes.set(keccak256(content), offset);
    },
    copyHashWord: (encoded, from, words, offset) => copyContentHash(encoded, from, 32, words, offset),
  };
}

/** Hashes what follows a length that counts items of so many bytes. */
function copyContentHash(encoded: Words, from: number, itemBytes: number, words: Words, offset: number): void {
  const start = from + 32;
  const content = encoded.bytes.subarray(start, start + itemBytes * smallWordAt(encoded, from));
  words.bytes.set(keccak256(content), offset);
}

function decodeText(bytes: Uint8Array, field: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new TypedDataError({ code: "TYPED_ENCODING_INVALID", field, reason: "not UTF-8" }, { cause });
  }
}

function tooShort(field: string): TypedDataError {
  return new TypedDataError({ code: "TYPED_ENCODING_INVALID", field, reason: "too short" });
}
