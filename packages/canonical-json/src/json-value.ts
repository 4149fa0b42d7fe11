/** A value of the I-JSON subset (RFC 7493) that RFC 8785 canonicalises. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

/** An object of JSON values. */
export type JsonObject = { readonly [name: string]: JsonValue };

/** True for a JSON object: neither null nor an array. */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Nesting beyond this is refused by writer and reader alike; documents of this project are fewer than ten deep. */
export const maxJsonDepth = 64;
