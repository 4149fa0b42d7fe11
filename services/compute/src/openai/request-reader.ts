import { invalidParameter } from "./api-error.ts";

/** Reads members of a JSON request with OpenAI's messages for what is wrong. Absent and null are the same, as in OpenAI's API. */
export class RequestReader {
  readonly #members: Readonly<Record<string, unknown>>;
  readonly #path: string;

  constructor(members: Readonly<Record<string, unknown>>, path = "") {
    this.#members = members;
    this.#path = path;
  }

  /** A reader over an object value, or a 400 that names it. */
  static of(value: unknown, path: string): RequestReader {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return new RequestReader(value as Record<string, unknown>, path);
    }
    throw invalidParameter(
      path === "" ? null : path,
      `Invalid type for '${path || "body"}': expected an object.`,
      "invalid_type",
    );
  }

  /** The member's name from the top of the request. */
  path(name: string): string {
    return this.#path === "" ? name : `${this.#path}.${name}`;
  }

  has(name: string): boolean {
    return (this.#members[name] ?? undefined) !== undefined;
  }

  raw(name: string): unknown {
    return this.#members[name] ?? undefined;
  }

  names(): string[] {
    return Object.keys(this.#members).filter((name) => this.has(name));
  }

  string(name: string): string | undefined {
    return this.#typed(name, "a string", (value) => typeof value === "string") as string | undefined;
  }

  boolean(name: string): boolean | undefined {
    return this.#typed(name, "a boolean", (value) => typeof value === "boolean") as boolean | undefined;
  }

  number(name: string, min: number, max: number): number | undefined {
    const value = this.#typed(name, "a number", (found) => typeof found === "number") as number | undefined;
    return value === undefined ? undefined : this.#within(name, value, min, max);
  }

  integer(name: string, min: number, max: number): number | undefined {
    const value = this.#typed(name, "an integer", (found) => Number.isSafeInteger(found)) as number | undefined;
    return value === undefined ? undefined : this.#within(name, value, min, max);
  }

  array(name: string, lengthMax: number): readonly unknown[] | undefined {
    const value = this.#typed(name, "an array", Array.isArray) as readonly unknown[] | undefined;
    if (value !== undefined && value.length > lengthMax) {
      throw this.invalid(name, `array too long: at most ${lengthMax} items.`, "array_above_max_length");
    }
    return value;
  }

  object(name: string): RequestReader | undefined {
    return this.has(name) ? RequestReader.of(this.#members[name], this.path(name)) : undefined;
  }

  oneOf<T extends string>(name: string, allowed: readonly T[]): T | undefined {
    const value = this.string(name);
    if (value === undefined || (allowed as readonly string[]).includes(value)) return value as T | undefined;
    throw this.invalid(
      name,
      `'${value}' is not one of ${allowed.map((item) => `'${item}'`).join(", ")}.`,
      "invalid_value",
    );
  }

  /** The value of a member that must be there. */
  required<T>(name: string, value: T | undefined): T {
    if (value !== undefined) return value;
    const path = this.path(name);
    throw invalidParameter(path, `Missing required parameter: '${path}'.`, "missing_required_parameter");
  }

  invalid(name: string, reason: string, code: string): Error {
    const path = this.path(name);
    return invalidParameter(path, `Invalid '${path}': ${reason}`, code);
  }

  #typed(name: string, expected: string, isType: (value: unknown) => boolean): unknown {
    const value = this.#members[name] ?? undefined;
    if (value === undefined || isType(value)) return value;
    const path = this.path(name);
    throw invalidParameter(path, `Invalid type for '${path}': expected ${expected}.`, "invalid_type");
  }

  #within(name: string, value: number, min: number, max: number): number {
    if (value < min) throw this.invalid(name, `${value} is below the minimum of ${min}.`, "integer_below_min_value");
    if (value > max) throw this.invalid(name, `${value} is above the maximum of ${max}.`, "integer_above_max_value");
    return value;
  }
}

/** Parses a request body; 400 when it is not a JSON object. */
export function parseRequestBody(body: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8"));
  } catch {
    throw invalidParameter(null, "We could not parse the JSON body of your request.", "invalid_json");
  }
  RequestReader.of(value, "");
  return value as Record<string, unknown>;
}
