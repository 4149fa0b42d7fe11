import { DomainError } from "@koinon/errors/domain-error";

/** What can go wrong while a model is fetched, read, converted or kept. */
export type ModelFault =
  | { code: "MODEL_SOURCE_INVALID"; source: string; reason: string }
  | { code: "MODEL_SOURCE_UNREACHABLE"; source: string; reason: string }
  | { code: "PIP_NOT_FOUND"; hint: string }
  | { code: "PIP_FAILED"; package: string; exitCode: number | null; detail: string }
  | { code: "CONTENT_MISMATCH"; what: string; expectedSha256: string; actualSha256: string }
  | { code: "MODEL_TOO_LARGE"; what: string; limitBytes: number }
  | { code: "ARCHIVE_INVALID"; reason: string }
  | { code: "ARCHIVE_ENTRY_NOT_FOUND"; entry: string }
  | { code: "GGUF_INVALID"; reason: string; offset?: number }
  | { code: "SAFETENSORS_INVALID"; reason: string }
  | { code: "CONVERSION_UNSUPPORTED"; what: string; found: string; supported: string }
  | { code: "MODEL_RECORD_INVALID"; file: string; reason: string }
  | { code: "MODEL_UNKNOWN"; name: string };

export class ModelError extends DomainError<ModelFault> {}
