import { open } from "node:fs/promises";
import { packFloats } from "./convert/half-float.ts";
import type { GgufValue } from "./gguf/values.ts";
import { type TensorToWrite, writeGguf } from "./gguf/write.ts";

const shape = { width: 64, heads: 4, keyHeads: 2, inner: 128, layers: 2, context: 2048 };
const turnEnd = "<|im_end|>";
const specialTokens = ["<|endoftext|>", "<|im_start|>", turnEnd];
const chatTemplate =
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

/**
 * Writes a llama-shaped GGUF file of about 0.5 MB with random weights and a byte vocabulary, for testing plumbing. It babbles: nothing
 * that it says means anything. The same seed gives the same bytes.
 */
export async function writeRandomLlama(target: string, seed = 1): Promise<void> {
  const tokens = [...specialTokens, ...byteAlphabet()];
  await using file = await open(target, "wx");
  await writeGguf(file, metadata(tokens), tensors(tokens.length, randomNormals(seed)));
}

function metadata(tokens: readonly string[]): Map<string, GgufValue> {
  const u32 = (value: number): GgufValue => ({ type: "u32", value });
  const text = (value: string): GgufValue => ({ type: "string", value });
  const types = tokens.map((_, id) => (id < specialTokens.length ? 3 : 1));
  return new Map<string, GgufValue>([
    ["general.architecture", text("llama")],
    ["general.name", text("random weights, for plumbing tests only")],
    ["general.file_type", u32(0)],
    ["llama.context_length", u32(shape.context)],
    ["llama.embedding_length", u32(shape.width)],
    ["llama.block_count", u32(shape.layers)],
    ["llama.feed_forward_length", u32(shape.inner)],
    ["llama.attention.head_count", u32(shape.heads)],
    ["llama.attention.head_count_kv", u32(shape.keyHeads)],
    ["llama.attention.layer_norm_rms_epsilon", { type: "f32", value: 1e-5 }],
    ["llama.rope.dimension_count", u32(shape.width / shape.heads)],
    ["llama.vocab_size", u32(tokens.length)],
    ["tokenizer.ggml.model", text("gpt2")],
    ["tokenizer.ggml.pre", text("gpt-2")],
    ["tokenizer.ggml.tokens", { type: "array", of: "string", values: tokens }],
    ["tokenizer.ggml.token_type", { type: "array", of: "i32", values: types }],
    // The engine wants the list; a merge of pieces that are no tokens never applies.
    ["tokenizer.ggml.merges", { type: "array", of: "string", values: ["<|a <|b"] }],
    ["tokenizer.ggml.bos_token_id", u32(0)],
    ["tokenizer.ggml.eos_token_id", u32(specialTokens.indexOf(turnEnd))],
    ["tokenizer.ggml.add_bos_token", { type: "bool", value: false }],
    ["tokenizer.chat_template", text(chatTemplate)],
  ]);
}

function tensors(vocabulary: number, normal: () => number): TensorToWrite[] {
  const { width, heads, keyHeads, inner } = shape;
  const tensor = (name: string, dimensions: readonly number[], value: () => number): TensorToWrite => ({
    name,
    shape: dimensions,
    type: "F32",
    bytes: async () => packFloats(Float32Array.from({ length: dimensions.reduce((a, b) => a * b, 1) }, value)),
  });
  const matrix = (name: string, input: number, output: number) =>
    tensor(`${name}.weight`, [input, output], () => normal() / Math.sqrt(input));
  const norm = (name: string) => tensor(`${name}.weight`, [width], () => 1);
  const keyWidth = (width / heads) * keyHeads;
  const layer = (i: number) => [
    norm(`blk.${i}.attn_norm`),
    matrix(`blk.${i}.attn_q`, width, width),
    matrix(`blk.${i}.attn_k`, width, keyWidth),
    matrix(`blk.${i}.attn_v`, width, keyWidth),
    matrix(`blk.${i}.attn_output`, width, width),
    norm(`blk.${i}.ffn_norm`),
    matrix(`blk.${i}.ffn_gate`, width, inner),
    matrix(`blk.${i}.ffn_up`, width, inner),
    matrix(`blk.${i}.ffn_down`, inner, width),
  ];
  return [
    tensor("token_embd.weight", [width, vocabulary], normal),
    ...Array.from({ length: shape.layers }, (_, i) => layer(i)).flat(),
    norm("output_norm"),
    tensor("output.weight", [width, vocabulary], () => normal() / 4),
  ];
}

/** The printable stand-ins of all 256 bytes in byte-level BPE vocabularies (GPT-2's table). */
function byteAlphabet(): string[] {
  const printable = (byte: number) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(printable(byte) ? byte : next++));
}

/** Standard normal numbers from a 32-bit xorshift generator by the Box-Muller method. */
function randomNormals(seed: number): () => number {
  let state = seed >>> 0 || 1;
  const uniform = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return ((state >>> 0) + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}
