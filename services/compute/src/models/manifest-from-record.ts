import type { Manifest } from "@koinon/receipts/manifest";
import type { ModelRecord } from "./record.ts";

/** The manifest of a stored model as one engine serves it. */
export function manifestFromRecord(
  record: ModelRecord,
  served: { readonly contextTokens: number; readonly engine: Manifest["engine"] },
): Manifest {
  const { baseModel, datasets, source, converter } = record.provenance;
  return {
    format: "koinon.manifest/1",
    name: record.name,
    kind: record.kind,
    weights: { format: "gguf", hash: `0x${record.weightsSha256}`, sizeBytes: record.sizeBytes },
    tokenizerHash: `0x${record.tokenizerSha256}`,
    chatTemplateHash:
      record.kind === "embedding" || record.chatTemplateSha256 === null ? null : `0x${record.chatTemplateSha256}`,
    engine: served.engine,
    quantisation: record.quantization,
    contextTokens: served.contextTokens,
    licence: record.license ?? "unknown",
    author: record.author ?? "unknown",
    provenance: { source: converter === null ? source : `${source} via ${converter}`, baseModel, datasets },
  };
}
