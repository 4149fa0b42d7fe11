import type { Decode } from "./parameter.ts";
import { malformed, ValueError } from "./value-error.ts";

/** A JSON object whose members are read one by one; a complaint names the member. */
export class ObjectReader {
  readonly #members: Readonly<Record<string, unknown>>;

  constructor(value: unknown, what: string) {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      throw malformed(`${what} is not an object`);
    this.#members = value as Record<string, unknown>;
  }

  /** True when the member is there and not null. */
  has(name: string): boolean {
    return this.#members[name] !== undefined && this.#members[name] !== null;
  }

  /** The member, undefined when it is absent or null. */
  optional<T>(name: string, decode: Decode<T>): T | undefined {
    if (!this.has(name)) return undefined;
    try {
      return decode(this.#members[name]);
    } catch (error) {
      if (error instanceof ValueError) throw malformed(`${name}: ${error.fault.reason}`);
      throw error;
    }
  }

  /** The member; throws ValueError when it is absent. */
  required<T>(name: string, decode: Decode<T>): T {
    if (!this.has(name)) throw malformed(`missing ${name}`);
    return this.optional(name, decode) as T;
  }

  entries(): [string, unknown][] {
    return Object.entries(this.#members);
  }
}

/** Reads a list of at most `lengthMax` items. */
export function readList<T>(decode: Decode<T>, lengthMax: number): Decode<T[]> {
  return (value) => {
    if (!Array.isArray(value)) throw malformed("not a list");
    if (value.length > lengthMax) throw malformed(`more than ${lengthMax} items`);
    return value.map((item) => decode(item));
  };
}

/** Reads true or false. */
export function readBoolean(value: unknown): boolean {
  if (typeof value !== "boolean") throw malformed("cannot unmarshal non-boolean");
  return value;
}
