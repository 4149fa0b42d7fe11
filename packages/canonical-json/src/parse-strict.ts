import { JsonError } from "./fault.ts";
import { type JsonValue, maxJsonDepth } from "./json-value.ts";

/** Bounds of a strict parse; `maxDepth` defaults to `maxJsonDepth`. */
export interface StrictJsonLimits {
  readonly maxBytes: number;
  readonly maxDepth?: number;
}

/**
 * Parses UTF-8 JSON in which every token has its one RFC 8785 spelling, so that no two different texts mean the same value
 * but for white space and member order. Refuses with JsonError: more than `maxBytes` (before anything is read), bad UTF-8, a
 * byte order mark, duplicate members, numbers or strings that are not spelled canonically, lone surrogates, deep nesting.
 */
export function parseStrictJson(bytes: Uint8Array, limits: StrictJsonLimits): JsonValue {
  if (bytes.length > limits.maxBytes) {
    throw new JsonError({ code: "JSON_TOO_LARGE", sizeBytes: bytes.length, maxBytes: limits.maxBytes });
  }
  return new StrictParser(decodeUtf8(bytes), limits.maxDepth ?? maxJsonDepth).parse();
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new JsonError({ code: "JSON_MALFORMED", offset: 0, reason: "not UTF-8" }, { cause });
  }
}

const numberToken = /-?[0-9][0-9.eE+-]*/y;
const whiteSpace = /[ \t\n\r]*/y;

class StrictParser {
  readonly #text: string;
  readonly #maxDepth: number;
  #offset = 0;

  constructor(text: string, maxDepth: number) {
    this.#text = text;
    this.#maxDepth = maxDepth;
  }

  parse(): JsonValue {
    this.#skipWhiteSpace();
    const value = this.#readValue(0);
    this.#skipWhiteSpace();
    if (this.#offset !== this.#text.length) throw this.#malformed("text after the value");
    return value;
  }

  #readValue(depth: number): JsonValue {
    if (depth > this.#maxDepth) throw this.#malformed("nested too deep");
    switch (this.#text[this.#offset]) {
      case "{":
        return this.#readObject(depth);
      case "[":
        return this.#readArray(depth);
      case '"':
        return this.#readString();
      case "t":
        return this.#readLiteral("true", true);
      case "f":
        return this.#readLiteral("false", false);
      case "n":
        return this.#readLiteral("null", null);
      default:
        return this.#readNumber();
    }
  }

  #readObject(depth: number): JsonValue {
    const object: Record<string, JsonValue> = {};
    this.#offset++;
    this.#skipWhiteSpace();
    if (this.#take("}")) return object;
    for (;;) {
      const offset = this.#offset;
      const name = this.#readString();
      if (Object.hasOwn(object, name)) throw new JsonError({ code: "JSON_DUPLICATE_MEMBER", offset, member: name });
      this.#skipWhiteSpace();
      this.#expect(":");
      this.#skipWhiteSpace();
      const value = this.#readValue(depth + 1);
      // Defined, not assigned: a member called __proto__ is data like any other.
      Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
      this.#skipWhiteSpace();
      if (this.#take("}")) return object;
      this.#expect(",");
      this.#skipWhiteSpace();
    }
  }

  #readArray(depth: number): JsonValue {
    const items: JsonValue[] = [];
    this.#offset++;
    this.#skipWhiteSpace();
    if (this.#take("]")) return items;
    for (;;) {
      items.push(this.#readValue(depth + 1));
      this.#skipWhiteSpace();
      if (this.#take("]")) return items;
      this.#expect(",");
      this.#skipWhiteSpace();
    }
  }

  #readString(): string {
    if (this.#text[this.#offset] !== '"') throw this.#malformed("a string was expected");
    const token = this.#text.slice(this.#offset, this.#stringEnd());
    const value = this.#evaluate(token) as string;
    if (!value.isWellFormed()) throw this.#notCanonical("a lone surrogate");
    if (JSON.stringify(value) !== token) throw this.#notCanonical("a string that is not spelled canonically");
    this.#offset += token.length;
    return value;
  }

  // Behind the closing quote; what is between the quotes is left to JSON.parse.
  #stringEnd(): number {
    for (let index = this.#offset + 1; index < this.#text.length; index++) {
      if (this.#text[index] === "\\") index++;
      else if (this.#text[index] === '"') return index + 1;
    }
    throw this.#malformed("a string without an end");
  }

  #readNumber(): number {
    const token = this.#match(numberToken);
    if (token === undefined) throw this.#malformed("a value was expected");
    const value = this.#evaluate(token) as number;
    if (String(value) !== token) throw this.#notCanonical("a number that is not spelled canonically");
    this.#offset += token.length;
    return value;
  }

  #readLiteral<T extends boolean | null>(token: string, value: T): T {
    if (!this.#text.startsWith(token, this.#offset)) throw this.#malformed("a value was expected");
    this.#offset += token.length;
    return value;
  }

  #evaluate(token: string): unknown {
    try {
      return JSON.parse(token);
    } catch (cause) {
      throw new JsonError({ code: "JSON_MALFORMED", offset: this.#offset, reason: "not a JSON token" }, { cause });
    }
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#offset;
    return pattern.exec(this.#text)?.[0];
  }

  #skipWhiteSpace(): void {
    this.#offset += this.#match(whiteSpace)?.length ?? 0;
  }

  #take(character: string): boolean {
    if (this.#text[this.#offset] !== character) return false;
    this.#offset++;
    return true;
  }

  #expect(character: string): void {
    if (!this.#take(character)) throw this.#malformed(`"${character}" was expected`);
  }

  #malformed(reason: string): JsonError {
    return new JsonError({ code: "JSON_MALFORMED", offset: this.#offset, reason });
  }

  #notCanonical(reason: string): JsonError {
    return new JsonError({ code: "JSON_NOT_CANONICAL", offset: this.#offset, reason });
  }
}
