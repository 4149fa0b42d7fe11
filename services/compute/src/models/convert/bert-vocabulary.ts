import { readFile } from "node:fs/promises";
import path from "node:path";
import type { GgufValue } from "../gguf/values.ts";
import { type BertConfig, unsupported } from "./bert-config.ts";

const specialTokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] as const;
const wordStart = "\u2581";
/** Token types of llama.cpp: 1 normal, 3 control (never produced from text). */
const normalToken = 1;
const controlToken = 3;

/**
 * Metadata of a WordPiece vocabulary as the engine's `bert` tokenizer reads it: a word's first piece is marked with U+2581
 * in front and continuation pieces lose their `##`.
 */
export async function readBertVocabulary(
  folder: string,
  { vocabularySize: size, tokenTypes }: BertConfig,
): Promise<[string, GgufValue][]> {
  const text = await readFile(path.join(folder, "vocab.txt"), "utf8");
  const lines = text.split("\n").map((line) => line.replace(/\r$/, ""));
  if (lines.at(-1) === "") lines.pop();
  if (lines.length !== size)
    throw unsupported("vocab.txt", `${lines.length} tokens`, `${size} tokens as in config.json`);
  if (new Set(lines).size !== lines.length) throw unsupported("vocab.txt", "repeated tokens", "distinct tokens");
  const ids = new Map(lines.map((token, id) => [token, id]));
  const idOf = (token: (typeof specialTokens)[number]) => {
    const id = ids.get(token);
    if (id === undefined) throw unsupported("vocab.txt", `no ${token}`, specialTokens.join(" "));
    return u32(id);
  };
  const isSpecial = (token: string) => (specialTokens as readonly string[]).includes(token);
  return [
    ["tokenizer.ggml.model", { type: "string", value: "bert" }],
    ["tokenizer.ggml.pre", { type: "string", value: "default" }],
    ["tokenizer.ggml.token_type_count", u32(tokenTypes)],
    [
      "tokenizer.ggml.tokens",
      { type: "array", of: "string", values: lines.map((t) => (isSpecial(t) ? t : phantom(t))) },
    ],
    [
      "tokenizer.ggml.token_type",
      { type: "array", of: "i32", values: lines.map((t) => (isSpecial(t) ? controlToken : normalToken)) },
    ],
    ["tokenizer.ggml.unknown_token_id", idOf("[UNK]")],
    ["tokenizer.ggml.padding_token_id", idOf("[PAD]")],
    ["tokenizer.ggml.bos_token_id", idOf("[CLS]")],
    ["tokenizer.ggml.cls_token_id", idOf("[CLS]")],
    ["tokenizer.ggml.eos_token_id", idOf("[SEP]")],
    ["tokenizer.ggml.seperator_token_id", idOf("[SEP]")],
    ["tokenizer.ggml.mask_token_id", idOf("[MASK]")],
  ];
}

function phantom(token: string): string {
  return token.startsWith("##") ? token.slice(2) : wordStart + token;
}

function u32(value: number): GgufValue {
  return { type: "u32", value };
}
