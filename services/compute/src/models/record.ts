import { ModelError } from "./errors.ts";

/** What the store knows of one model; kept beside its weights as JSON. Hashes are lower-case hex SHA-256. */
export interface ModelRecord {
  readonly format: "koinon.model/1";
  readonly name: string;
  readonly kind: "chat" | "embedding";
  readonly architecture: string;
  readonly quantization: string;
  readonly contextTokens: number;
  /** Length of an embedding vector; 0 for a chat model. */
  readonly embeddingLength: number;
  readonly sizeBytes: number;
  readonly weightsSha256: string;
  /** Over every `tokenizer.ggml.` metadata pair as encoded in GGUF, in order of the keys. */
  readonly tokenizerSha256: string;
  /** Over the UTF-8 text of the template in use; null when there is none. */
  readonly chatTemplateSha256: string | null;
  /** A template to use in place of the file's own; null to use the file's. */
  readonly chatTemplate: string | null;
  /** Sampling that suits the model, for requests that do not say; null when nothing is known. */
  readonly sampling: { readonly temperature: number; readonly topP: number } | null;
  readonly license: string | null;
  readonly author: string | null;
  readonly provenance: Provenance;
}

/** Where the weights came from. */
interface Provenance {
  readonly source: string;
  /** Hash of each source file by name, for models that were converted; the weights' own hash says it otherwise. */
  readonly sourceSha256: Readonly<Record<string, string>>;
  readonly converter: string | null;
  /** The model it was made from; null when unknown or trained from nothing. */
  readonly baseModel: string | null;
  /** What it was trained on, as far as known. */
  readonly datasets: readonly string[];
}

const namePattern = /^[a-z0-9](?:[a-z0-9._-]{0,98}[a-z0-9])?$/;
const sha256Pattern = /^[0-9a-f]{64}$/;

/** True for a name that is safe as a file name and in an OpenAI `model` field. */
export function isModelName(name: string): boolean {
  return namePattern.test(name);
}

/** Throws MODEL_RECORD_INVALID for a name that is not. */
export function assertModelName(name: string): void {
  if (isModelName(name)) return;
  throw new ModelError({
    code: "MODEL_RECORD_INVALID",
    file: name,
    reason: "names are lower-case letters, digits, . _ -",
  });
}

/** Parses a record file; throws MODEL_RECORD_INVALID. */
export function parseModelRecord(text: string, file: string): ModelRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ModelError({ code: "MODEL_RECORD_INVALID", file, reason: "not JSON" }, { cause });
  }
  if (typeof value === "object" && value !== null) value = { sampling: null, ...value };
  if (!isRecord(value)) throw new ModelError({ code: "MODEL_RECORD_INVALID", file, reason: "members are wrong" });
  return value;
}

function isRecord(value: unknown): value is ModelRecord {
  const record = (value ?? {}) as Partial<ModelRecord>;
  const texts = [record.architecture, record.quantization];
  const numbers = [record.contextTokens, record.embeddingLength, record.sizeBytes];
  const hashes = [record.weightsSha256, record.tokenizerSha256, record.chatTemplateSha256 ?? record.weightsSha256];
  return (
    record.format === "koinon.model/1" &&
    typeof record.name === "string" &&
    isModelName(record.name) &&
    (record.kind === "chat" || record.kind === "embedding") &&
    texts.every((text) => typeof text === "string") &&
    numbers.every((number) => Number.isSafeInteger(number) && Number(number) >= 0) &&
    hashes.every((hash) => typeof hash === "string" && sha256Pattern.test(hash)) &&
    isProvenance(record.provenance) &&
    (record.sampling === null || typeof record.sampling?.temperature === "number") &&
    (record.chatTemplate === null || typeof record.chatTemplate === "string")
  );
}

function isProvenance(value: Partial<Provenance> | undefined): boolean {
  return (
    typeof value?.source === "string" &&
    Array.isArray(value.datasets) &&
    value.datasets.every((dataset) => typeof dataset === "string")
  );
}
