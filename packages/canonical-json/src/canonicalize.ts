import { JsonError } from "./fault.ts";
import { type JsonValue, maxJsonDepth } from "./json-value.ts";

/**
 * The RFC 8785 form of a JSON value. Throws JsonError `JSON_NOT_REPRESENTABLE` for what JSON can not say: NaN, infinities,
 * lone surrogates, undefined, bigint, class instances, holes, and nesting beyond `maxJsonDepth`.
 */
export function canonicalJson(value: JsonValue): string {
  return writeValue(value, "", 0);
}

/** The UTF-8 bytes of `canonicalJson`: what is hashed. */
export function canonicalJsonBytes(value: JsonValue): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(canonicalJson(value));
}

// The parameter is unknown on purpose: callers come from parsed configuration as well as from typed code.
function writeValue(value: unknown, path: string, depth: number): string {
  if (depth > maxJsonDepth) throw notRepresentable(path, "nested too deep");
  switch (typeof value) {
    case "boolean":
      return value ? "true" : "false";
    case "number":
      return writeNumber(value, path);
    case "string":
      return writeString(value, path);
    case "object":
      if (value === null) return "null";
      return Array.isArray(value) ? writeArray(value, path, depth) : writeObject(value, path, depth);
    default:
      throw notRepresentable(path, `a ${typeof value}`);
  }
}

// RFC 8785 section 3.2.2.3 is ECMAScript's Number::toString, which also turns -0 into 0.
function writeNumber(value: number, path: string): string {
  if (!Number.isFinite(value)) throw notRepresentable(path, "a number that is not finite");
  return String(value);
}

// JSON.stringify escapes as RFC 8785 section 3.2.2.2 asks, except that it lets lone surrogates through as escapes.
function writeString(value: string, path: string): string {
  if (!value.isWellFormed()) throw notRepresentable(path, "a lone surrogate");
  return JSON.stringify(value);
}

function writeArray(value: readonly unknown[], path: string, depth: number): string {
  const items: string[] = [];
  for (let index = 0; index < value.length; index++)
    items.push(writeValue(value[index], `${path}/${index}`, depth + 1));
  return `[${items.join(",")}]`;
}

function writeObject(value: object, path: string, depth: number): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) throw notRepresentable(path, "a class instance");
  // Without a comparator, sort() orders by UTF-16 code units: section 3.2.3.
  const names = Object.keys(value).sort();
  const entries = value as Record<string, unknown>;
  const members = names.map((name) => {
    const memberPath = `${path}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    return `${writeString(name, memberPath)}:${writeValue(entries[name], memberPath, depth + 1)}`;
  });
  return `{${members.join(",")}}`;
}

function notRepresentable(path: string, reason: string): JsonError {
  return new JsonError({ code: "JSON_NOT_REPRESENTABLE", path, reason });
}
