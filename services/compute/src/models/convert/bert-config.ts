import { readFile } from "node:fs/promises";
import path from "node:path";
import { ModelError } from "../errors.ts";

/** The shape of a BERT sentence encoder, from the files beside its weights. */
export interface BertConfig {
  readonly layers: number;
  readonly heads: number;
  readonly embeddingLength: number;
  readonly feedForwardLength: number;
  readonly positions: number;
  readonly tokenTypes: number;
  readonly vocabularySize: number;
  readonly layerNormEpsilon: number;
}

const smallJsonBytesMax = 1024 * 1024;

/**
 * Reads config.json, tokenizer_config.json, modules.json and 1_Pooling/config.json of a sentence-transformers folder and refuses
 * everything that the engine's `bert` architecture would compute differently: other activations, cased or accent-keeping
 * tokenizers, relative positions, other pooling.
 */
export async function readBertConfig(folder: string): Promise<BertConfig> {
  const config = await readJson(folder, "config.json");
  expectValue("config.model_type", config.model_type, ["bert"]);
  expectValue("config.hidden_act", config.hidden_act, ["gelu"]);
  expectValue("config.position_embedding_type", config.position_embedding_type ?? "absolute", ["absolute"]);
  expectValue("config.is_decoder", config.is_decoder ?? false, [false]);
  expectValue("config.architectures", JSON.stringify(config.architectures), ['["BertModel"]']);
  await checkTokenizer(folder);
  await checkPooling(folder);
  const read = (name: string) => positiveInteger(`config.${name}`, config[name]);
  const epsilon = config.layer_norm_eps;
  if (typeof epsilon !== "number" || !(epsilon > 0))
    throw unsupported("config.layer_norm_eps", epsilon, "a positive number");
  const shape = {
    layers: read("num_hidden_layers"),
    heads: read("num_attention_heads"),
    embeddingLength: read("hidden_size"),
    feedForwardLength: read("intermediate_size"),
    positions: read("max_position_embeddings"),
    tokenTypes: read("type_vocab_size"),
    vocabularySize: read("vocab_size"),
    layerNormEpsilon: epsilon,
  };
  if (shape.embeddingLength % shape.heads !== 0)
    throw unsupported("config.num_attention_heads", shape.heads, "a divisor");
  return shape;
}

async function checkTokenizer(folder: string): Promise<void> {
  const tokenizer = await readJson(folder, "tokenizer_config.json");
  expectValue("tokenizer_config.tokenizer_class", tokenizer.tokenizer_class, ["BertTokenizer", "BertTokenizerFast"]);
  expectValue("tokenizer_config.do_lower_case", tokenizer.do_lower_case, [true]);
  expectValue("tokenizer_config.strip_accents", tokenizer.strip_accents ?? null, [null, true]);
  expectValue("tokenizer_config.tokenize_chinese_chars", tokenizer.tokenize_chinese_chars ?? true, [true]);
}

async function checkPooling(folder: string): Promise<void> {
  const pooling = await readJson(folder, path.join("1_Pooling", "config.json"));
  for (const [name, value] of Object.entries(pooling)) {
    if (!name.startsWith("pooling_mode_")) continue;
    expectValue(`pooling.${name}`, value, [name === "pooling_mode_mean_tokens"]);
  }
  expectValue("pooling.pooling_mode_mean_tokens", pooling.pooling_mode_mean_tokens, [true]);
}

async function readJson(folder: string, name: string): Promise<Record<string, unknown>> {
  try {
    const text = await readFile(path.join(folder, name), "utf8");
    if (text.length > smallJsonBytesMax) throw unsupported(name, `${text.length} characters`, `${smallJsonBytesMax}`);
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (cause) {
    if (cause instanceof ModelError) throw cause;
    const fault = {
      code: "CONVERSION_UNSUPPORTED",
      what: name,
      found: "missing or not JSON",
      supported: "JSON",
    } as const;
    throw new ModelError(fault, { cause });
  }
  throw unsupported(name, "not an object", "an object");
}

function expectValue(what: string, found: unknown, supported: readonly unknown[]): void {
  if (!supported.includes(found))
    throw unsupported(what, found, supported.map((value) => JSON.stringify(value)).join(", "));
}

function positiveInteger(what: string, value: unknown): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value <= 0) {
    throw unsupported(what, value, "a positive integer");
  }
  return value;
}

/** A refusal that names what was found and what would have been accepted. */
export function unsupported(what: string, found: unknown, supported: string): ModelError {
  return new ModelError({ code: "CONVERSION_UNSUPPORTED", what, found: JSON.stringify(found) ?? "absent", supported });
}
