/** Scalar value types of GGUF metadata with their numbers in the file (GGUF v3). */
export const scalarTypeIds = {
  u8: 0,
  i8: 1,
  u16: 2,
  i16: 3,
  u32: 4,
  i32: 5,
  f32: 6,
  bool: 7,
  string: 8,
  u64: 10,
  i64: 11,
  f64: 12,
} as const;

/** The number of the array type; arrays of arrays are legal GGUF but no model uses them, so they are refused. */
export const arrayTypeId = 9;

type NumberType = "u8" | "i8" | "u16" | "i16" | "u32" | "i32" | "f32" | "f64";

/** One scalar with its type, as in the file. */
export type GgufScalar =
  | { readonly type: NumberType; readonly value: number }
  | { readonly type: "u64" | "i64"; readonly value: bigint }
  | { readonly type: "bool"; readonly value: boolean }
  | { readonly type: "string"; readonly value: string };

/** A homogeneous array. */
export type GgufArray =
  | { readonly type: "array"; readonly of: NumberType; readonly values: readonly number[] }
  | { readonly type: "array"; readonly of: "u64" | "i64"; readonly values: readonly bigint[] }
  | { readonly type: "array"; readonly of: "bool"; readonly values: readonly boolean[] }
  | { readonly type: "array"; readonly of: "string"; readonly values: readonly string[] };

export type GgufValue = GgufScalar | GgufArray;
export type GgufScalarType = keyof typeof scalarTypeIds;

/** Metadata in file order; keys are unique. */
export type GgufMetadata = ReadonlyMap<string, GgufValue>;

/** The string under a key, or undefined when the key is absent or of another type. */
export function metadataString(metadata: GgufMetadata, key: string): string | undefined {
  const entry = metadata.get(key);
  return entry?.type === "string" ? entry.value : undefined;
}

/** The non-negative integer under a key, or undefined when absent, of another type or beyond 2^53. */
export function metadataInteger(metadata: GgufMetadata, key: string): number | undefined {
  const entry = metadata.get(key);
  if (entry === undefined || entry.type === "array" || typeof entry.value === "string") return undefined;
  const value = Number(entry.value);
  return typeof entry.value !== "boolean" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
