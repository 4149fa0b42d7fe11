import { createHash } from "node:crypto";
import { ModelError } from "./errors.ts";
import { type GgufHeader, readGgufFile } from "./gguf/read.ts";
import { fileTypeNames } from "./gguf/tensor-types.ts";
import { type GgufMetadata, metadataInteger, metadataString } from "./gguf/values.ts";
import { encodeMetadataPair } from "./gguf/write.ts";
import type { ModelRecord } from "./record.ts";

/** The part of a record that the GGUF file itself tells. */
export type GgufDescription = Omit<
  ModelRecord,
  "format" | "name" | "sizeBytes" | "weightsSha256" | "chatTemplate" | "sampling" | "provenance"
>;

/** Reads what a record needs from a GGUF file, to be served with its own chat template or with the one given; throws GGUF_INVALID when a required key is absent. */
export async function describeGguf(path: string, ownTemplate: string | null): Promise<GgufDescription> {
  const header = await readGgufFile(path);
  const { metadata } = header;
  const architecture = required(metadataString(metadata, "general.architecture"), "general.architecture");
  const embedding = metadataInteger(metadata, `${architecture}.pooling_type`) !== undefined;
  const length = metadataInteger(metadata, `${architecture}.embedding_length`);
  const template = ownTemplate ?? chatTemplate(metadata);
  return {
    kind: embedding ? "embedding" : "chat",
    architecture,
    quantization: quantizationOf(header),
    contextTokens: required(metadataInteger(metadata, `${architecture}.context_length`), "context_length"),
    embeddingLength: embedding ? required(length, "embedding_length") : 0,
    tokenizerSha256: tokenizerSha256(metadata),
    chatTemplateSha256: template === undefined ? null : createHash("sha256").update(template).digest("hex"),
    license: metadataString(metadata, "general.license") ?? null,
    author: metadataString(metadata, "general.author") ?? metadataString(metadata, "general.organization") ?? null,
  };
}

/** The Jinja chat template that a GGUF file carries. */
export function chatTemplate(metadata: GgufMetadata): string | undefined {
  return metadataString(metadata, "tokenizer.chat_template");
}

/** Hash of everything that decides how text becomes tokens. */
function tokenizerSha256(metadata: GgufMetadata): string {
  const hash = createHash("sha256");
  const keys = [...metadata.keys()].filter((key) => key.startsWith("tokenizer.ggml.")).sort();
  if (keys.length === 0) throw new ModelError({ code: "GGUF_INVALID", reason: "no tokenizer" });
  for (const key of keys) {
    const value = metadata.get(key);
    if (value !== undefined) hash.update(encodeMetadataPair(key, value));
  }
  return hash.digest("hex");
}

function quantizationOf({ metadata, tensors }: GgufHeader): string {
  const fileType = metadataInteger(metadata, "general.file_type");
  const named = fileType === undefined ? undefined : fileTypeNames.get(fileType);
  if (named !== undefined) return named;
  const bytes = new Map<string, number>();
  for (const { type, sizeBytes } of tensors) bytes.set(type.name, (bytes.get(type.name) ?? 0) + sizeBytes);
  const [most] = [...bytes].sort((a, b) => b[1] - a[1]);
  return required(most, "tensors")[0];
}

function required<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new ModelError({ code: "GGUF_INVALID", reason: `no ${what}` });
  return value;
}
