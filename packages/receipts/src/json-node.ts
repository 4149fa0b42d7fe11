import { isJsonObject, type JsonValue } from "@koinon/canonical-json/json-value";
import { type Hex, isHex } from "@koinon/secp256k1/hex";
import { ReceiptsError, type Subject } from "./fault.ts";
import { isPrintable } from "./printable-text.ts";

/** A place in a JSON document, read strictly: each reader throws `DOCUMENT_MALFORMED` with the place for any other form. */
export class JsonNode {
  readonly #subject: Subject;
  readonly #path: string;
  readonly #value: JsonValue;

  constructor(subject: Subject, value: JsonValue, path = "") {
    this.#subject = subject;
    this.#path = path;
    this.#value = value;
  }

  /** The members of an object that has exactly these. */
  members<const N extends string>(names: readonly N[]): Record<N, JsonNode> {
    const value = this.#value;
    if (!isJsonObject(value)) throw this.malformed("not an object");
    const unknown = Object.keys(value).find((name) => !(names as readonly string[]).includes(name));
    if (unknown !== undefined) throw this.#below(unknown, null).malformed("unknown member");
    const nodes = names.map((name) => {
      const member = value[name];
      if (member === undefined) throw this.#below(name, null).malformed("missing");
      return [name, this.#below(name, member)] as const;
    });
    return Object.fromEntries(nodes) as Record<N, JsonNode>;
  }

  /** One member of an object, whatever else it has: what decides which members there have to be. */
  member(name: string): JsonNode {
    const value = this.#value;
    if (!isJsonObject(value)) throw this.malformed("not an object");
    const member = value[name];
    if (member === undefined) throw this.#below(name, null).malformed("missing");
    return this.#below(name, member);
  }

  /** The items of an array of at most `max`. */
  list(max: number): JsonNode[] {
    if (!Array.isArray(this.#value)) throw this.malformed("not an array");
    if (this.#value.length > max) throw this.malformed(`more than ${max} items`);
    return this.#value.map((item: JsonValue, index) => this.#below(String(index), item));
  }

  /** Null, or what `read` makes of anything else. */
  nullable<T>(read: (node: JsonNode) => T): T | null {
    return this.#value === null ? null : read(this);
  }

  /** Lower-case 0x-hex of exactly this many bytes. */
  hex(sizeBytes: number): Hex {
    if (!isHex(this.#value, sizeBytes)) throw this.malformed(`not ${sizeBytes} bytes in lower-case hex`);
    return this.#value;
  }

  /** Lower-case 0x-hex of at most this many bytes. */
  hexUpTo(sizeBytesMax: number): Hex {
    const value = this.#value;
    // The length is checked before the digits are looked at.
    if (typeof value !== "string" || value.length > 2 + 2 * sizeBytesMax || !isHex(value)) {
      throw this.malformed(`not at most ${sizeBytesMax} bytes in lower-case hex`);
    }
    return value;
  }

  /** A decimal string without leading zeros, below 2^bits. */
  decimal(bits: number): bigint {
    const text = this.#value;
    // 78 digits are 2^256 - 1; the length is checked before the digits are converted.
    if (typeof text !== "string" || text.length > 78 || !/^(0|[1-9][0-9]*)$/.test(text))
      throw this.malformed("not a decimal");
    const number = BigInt(text);
    if (number >> BigInt(bits) !== 0n) throw this.malformed(`not below 2^${bits}`);
    return number;
  }

  /** A whole number from 0 to `max`. */
  integer(max: number): number {
    const value = this.#value;
    if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > max) {
      throw this.malformed(`not a whole number up to ${max}`);
    }
    return value;
  }

  /** A string of 1 to `lengthMax` UTF-16 code units that `isPrintable` accepts. */
  text(lengthMax: number): string {
    const value = this.string(lengthMax);
    if (value === "" || !isPrintable(value)) throw this.malformed("empty or not printable");
    return value;
  }

  /** Any string of at most `lengthMax` UTF-16 code units. */
  string(lengthMax: number): string {
    const value = this.#value;
    if (typeof value !== "string") throw this.malformed("not a string");
    if (value.length > lengthMax) throw this.malformed(`longer than ${lengthMax}`);
    return value;
  }

  /** True or false. */
  boolean(): boolean {
    if (typeof this.#value !== "boolean") throw this.malformed("neither true nor false");
    return this.#value;
  }

  /** One of these strings. */
  oneOf<const T extends string>(allowed: readonly T[]): T {
    const found = allowed.find((candidate) => candidate === this.#value);
    if (found === undefined) throw this.malformed(`not ${allowed.join(" or ")}`);
    return found;
  }

  /** The fault for this place. */
  malformed(reason: string): ReceiptsError {
    return new ReceiptsError({ code: "DOCUMENT_MALFORMED", subject: this.#subject, field: this.#path, reason });
  }

  #below(name: string, value: JsonValue): JsonNode {
    return new JsonNode(this.#subject, value, this.#path === "" ? name : `${this.#path}.${name}`);
  }
}
