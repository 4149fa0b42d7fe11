import { canonicalJsonBytes } from "@koinon/canonical-json/canonicalize";
import type { JsonValue } from "@koinon/canonical-json/json-value";
import { parseStrictJson } from "@koinon/canonical-json/parse-strict";
import type { Hex } from "@koinon/secp256k1/hex";
import { digestOf } from "./commitment.ts";
import { JsonNode } from "./json-node.ts";

/** What a model is: the hash of this document is the model's id, and receipts name it as their subject. */
export interface Manifest {
  readonly format: "koinon.manifest/1";
  /** The name that clients ask for. */
  readonly name: string;
  readonly kind: "chat" | "embedding";
  /** The weights' file; null when the provider only knows the model behind a URL by its name. */
  readonly weights: ManifestWeights | null;
  /** SHA-256 of the tokenizer's definition; null when unknown. */
  readonly tokenizerHash: Hex | null;
  /** SHA-256 of the chat template's text; null when there is none or it is unknown. */
  readonly chatTemplateHash: Hex | null;
  readonly engine: { readonly name: string; readonly version: string };
  /** Such as "Q4_1" or "F16"; null when unknown. */
  readonly quantisation: string | null;
  /** Tokens of the context window. */
  readonly contextTokens: number;
  /** SPDX identifier, or a name. */
  readonly licence: string;
  readonly author: string;
  readonly provenance: ManifestProvenance;
}

/** One file of weights. */
export interface ManifestWeights {
  /** Such as "gguf". */
  readonly format: string;
  /** SHA-256 of the file. */
  readonly hash: Hex;
  readonly sizeBytes: number;
}

/** Where a model comes from. */
export interface ManifestProvenance {
  /** Where these weights were obtained. */
  readonly source: string;
  /** The model it was made from; null when it was trained from nothing or this is unknown. */
  readonly baseModel: string | null;
  /** What it was trained on, as far as known. */
  readonly datasets: readonly string[];
}

/** A manifest is refused beyond this size. */
export const manifestBytesMax = 65_536;

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$/;
const textLengthMax = 512;
const datasetsMax = 64;

/** The model id: SHA-256 of the manifest's RFC 8785 bytes. */
export function manifestHash(manifest: Manifest): Hex {
  return digestOf(manifestBytes(manifest));
}

/** The manifest's RFC 8785 bytes. */
export function manifestBytes(manifest: Manifest): Uint8Array<ArrayBuffer> {
  // Validated again, so that a member that is not in the format can not hide in an id.
  return canonicalJsonBytes(manifestToJson(readManifest(new JsonNode("manifest", manifestToJson(manifest)))));
}

/** The manifest as a JSON value, as it stands in a bundle. */
export function manifestToJson(manifest: Manifest): JsonValue {
  const { weights, engine, provenance, ...rest } = manifest;
  return {
    ...rest,
    weights: weights === null ? null : { ...weights },
    engine: { ...engine },
    provenance: { ...provenance },
  };
}

/** Reads a manifest from text; throws JsonError or ReceiptsError. White space and member order do not change its hash. */
export function parseManifest(bytes: Uint8Array): Manifest {
  return readManifest(new JsonNode("manifest", parseStrictJson(bytes, { maxBytes: manifestBytesMax })));
}

/** Reads a manifest at a place of a JSON document: exactly the members of the format. */
export function readManifest(node: JsonNode): Manifest {
  const members = node.members([
    "format",
    "name",
    "kind",
    "weights",
    "tokenizerHash",
    "chatTemplateHash",
    "engine",
    "quantisation",
    "contextTokens",
    "licence",
    "author",
    "provenance",
  ]);
  const name = members.name.text(textLengthMax);
  if (!namePattern.test(name)) throw members.name.malformed("not a model name");
  const kind = members.kind.oneOf(["chat", "embedding"]);
  const chatTemplateHash = members.chatTemplateHash.nullable((hash) => hash.hex(32));
  if (kind === "embedding" && chatTemplateHash !== null)
    throw members.chatTemplateHash.malformed("an embedding model has none");
  const engine = members.engine.members(["name", "version"]);
  const contextTokens = members.contextTokens.integer(2 ** 31);
  if (contextTokens === 0) throw members.contextTokens.malformed("zero");
  return {
    format: members.format.oneOf(["koinon.manifest/1"]),
    name,
    kind,
    weights: members.weights.nullable(readWeights),
    tokenizerHash: members.tokenizerHash.nullable((hash) => hash.hex(32)),
    chatTemplateHash,
    engine: { name: engine.name.text(textLengthMax), version: engine.version.text(textLengthMax) },
    quantisation: members.quantisation.nullable((text) => text.text(textLengthMax)),
    contextTokens,
    licence: members.licence.text(textLengthMax),
    author: members.author.text(textLengthMax),
    provenance: readProvenance(members.provenance),
  };
}

function readWeights(node: JsonNode): ManifestWeights {
  const { format, hash, sizeBytes } = node.members(["format", "hash", "sizeBytes"]);
  return {
    format: format.text(textLengthMax),
    hash: hash.hex(32),
    sizeBytes: sizeBytes.integer(Number.MAX_SAFE_INTEGER),
  };
}

function readProvenance(node: JsonNode): ManifestProvenance {
  const { source, baseModel, datasets } = node.members(["source", "baseModel", "datasets"]);
  return {
    source: source.text(textLengthMax),
    baseModel: baseModel.nullable((text) => text.text(textLengthMax)),
    datasets: datasets.list(datasetsMax).map((dataset) => dataset.text(textLengthMax)),
  };
}
