import { open } from "node:fs/promises";
import path from "node:path";
import type { GgufMetadata, GgufValue } from "../gguf/values.ts";
import { writeGguf } from "../gguf/write.ts";
import { SafetensorsFile } from "../safetensors.ts";
import { type BertConfig, readBertConfig } from "./bert-config.ts";
import { mapBertTensors } from "./bert-tensors.ts";
import { readBertVocabulary } from "./bert-vocabulary.ts";

/** Says which converter made a file; raise the version whenever the same input would give other bytes. */
export const bertConverter = "koinon-bert-gguf/1";

/** Files of a sentence-transformers folder that the converter reads. */
export const bertFiles = [
  "model.safetensors",
  "config.json",
  "tokenizer_config.json",
  "vocab.txt",
  "1_Pooling/config.json",
] as const;

/** What the files do not say about the model. */
export interface ConversionFacts {
  readonly name: string;
  readonly license: string;
  readonly author: string;
}

const pooling = { mean: 1 };
const fileTypeMostlyF16 = 1;

/**
 * Converts a BERT sentence encoder (mean pooling, F32 safetensors) into a GGUF file with F16 matrices at `target`, which must not
 * exist. Deterministic: the same files and facts give the same bytes. Throws CONVERSION_UNSUPPORTED for anything it does not know.
 */
export async function convertBertToGguf(folder: string, target: string, facts: ConversionFacts): Promise<void> {
  const config = await readBertConfig(folder);
  const vocabulary = await readBertVocabulary(folder, config);
  await using weights = await SafetensorsFile.open(path.join(folder, "model.safetensors"));
  const tensors = mapBertTensors(weights, config);
  await using file = await open(target, "wx");
  await writeGguf(file, describe(config, vocabulary, facts), tensors);
  await file.sync();
}

function describe(
  config: BertConfig,
  vocabulary: readonly [string, GgufValue][],
  facts: ConversionFacts,
): GgufMetadata {
  return new Map<string, GgufValue>([
    ["general.architecture", { type: "string", value: "bert" }],
    ["general.type", { type: "string", value: "model" }],
    ["general.name", { type: "string", value: facts.name }],
    ["general.author", { type: "string", value: facts.author }],
    ["general.license", { type: "string", value: facts.license }],
    ["general.file_type", { type: "u32", value: fileTypeMostlyF16 }],
    ["bert.context_length", { type: "u32", value: config.positions }],
    ["bert.embedding_length", { type: "u32", value: config.embeddingLength }],
    ["bert.feed_forward_length", { type: "u32", value: config.feedForwardLength }],
    ["bert.block_count", { type: "u32", value: config.layers }],
    ["bert.attention.head_count", { type: "u32", value: config.heads }],
    ["bert.attention.layer_norm_epsilon", { type: "f32", value: config.layerNormEpsilon }],
    ["bert.attention.causal", { type: "bool", value: false }],
    ["bert.pooling_type", { type: "u32", value: pooling.mean }],
    ...vocabulary,
  ]);
}
