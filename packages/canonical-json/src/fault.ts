import { DomainError } from "@koinon/errors/domain-error";

/** Why a value or text is not canonicalisable JSON; `offset` counts UTF-16 code units, `path` is a JSON Pointer. */
export type JsonFault =
  | { code: "JSON_NOT_REPRESENTABLE"; path: string; reason: string }
  | { code: "JSON_TOO_LARGE"; sizeBytes: number; maxBytes: number }
  | { code: "JSON_MALFORMED"; offset: number; reason: string }
  | { code: "JSON_NOT_CANONICAL"; offset: number; reason: string }
  | { code: "JSON_DUPLICATE_MEMBER"; offset: number; member: string };

/** Thrown by the canonical writer and the strict reader. */
export class JsonError extends DomainError<JsonFault> {}
