import type { TensorToWrite } from "../gguf/write.ts";
import type { SafeTensor, SafetensorsFile } from "../safetensors.ts";
import { type BertConfig, unsupported } from "./bert-config.ts";
import { packFloats, packHalfFloats } from "./half-float.ts";

interface Mapping {
  readonly from: string;
  readonly to: string;
  readonly shape: readonly number[];
}

/** Tensors that some exports carry and the network does not use for sentence vectors. */
const unused = new Set(["embeddings.position_ids", "pooler.dense.weight", "pooler.dense.bias"]);

/** Tables whose rows the engine adds directly; it adds F32 only. */
const fullPrecision = new Set(["position_embd.weight", "token_types.weight"]);

/**
 * The tensors of a BERT encoder in the engine's names and order: multiplied matrices as F16, the rest as F32. Every tensor of the file must be
 * known and every expected one present with its expected shape.
 */
export function mapBertTensors(file: SafetensorsFile, config: BertConfig): TensorToWrite[] {
  const mappings = expectedTensors(config);
  const expected = new Set(mappings.map((mapping) => mapping.from));
  for (const name of file.tensors.keys()) {
    if (!expected.has(name) && !unused.has(name)) throw unsupported("tensor", name, "the tensors of BertModel");
  }
  return mappings.map((mapping) => toWrite(file, mapping, requireTensor(file, mapping)));
}

function toWrite(file: SafetensorsFile, mapping: Mapping, tensor: SafeTensor): TensorToWrite {
  const matrix = mapping.shape.length === 2 && !fullPrecision.has(mapping.to);
  return {
    name: mapping.to,
    // ggml lists the fastest-running dimension first.
    shape: mapping.shape.toReversed(),
    type: matrix ? "F16" : "F32",
    bytes: async () => (matrix ? packHalfFloats : packFloats)(await file.readFloat32(tensor)),
  };
}

function requireTensor(file: SafetensorsFile, mapping: Mapping): SafeTensor {
  const tensor = file.tensors.get(mapping.from);
  if (tensor === undefined) throw unsupported("tensor", `no ${mapping.from}`, "the tensors of BertModel");
  if (tensor.dtype !== "F32") throw unsupported(`dtype of ${mapping.from}`, tensor.dtype, "F32");
  if (tensor.shape.join() !== mapping.shape.join()) {
    throw unsupported(`shape of ${mapping.from}`, tensor.shape, JSON.stringify(mapping.shape));
  }
  return tensor;
}

function expectedTensors(config: BertConfig): Mapping[] {
  const { embeddingLength: width, feedForwardLength: inner } = config;
  const norm = (from: string, to: string) => pair(from, to, [width]);
  const dense = (from: string, to: string, rows: number, columns: number): Mapping[] => [
    { from: `${from}.weight`, to: `${to}.weight`, shape: [rows, columns] },
    { from: `${from}.bias`, to: `${to}.bias`, shape: [rows] },
  ];
  const embedding = (from: string, to: string, rows: number): Mapping => ({
    from: `embeddings.${from}.weight`,
    to: `${to}.weight`,
    shape: [rows, width],
  });
  const layer = (i: number): Mapping[] => {
    const from = `encoder.layer.${i}`;
    return [
      ...dense(`${from}.attention.self.query`, `blk.${i}.attn_q`, width, width),
      ...dense(`${from}.attention.self.key`, `blk.${i}.attn_k`, width, width),
      ...dense(`${from}.attention.self.value`, `blk.${i}.attn_v`, width, width),
      ...dense(`${from}.attention.output.dense`, `blk.${i}.attn_output`, width, width),
      ...norm(`${from}.attention.output.LayerNorm`, `blk.${i}.attn_output_norm`),
      ...dense(`${from}.intermediate.dense`, `blk.${i}.ffn_up`, inner, width),
      ...dense(`${from}.output.dense`, `blk.${i}.ffn_down`, width, inner),
      ...norm(`${from}.output.LayerNorm`, `blk.${i}.layer_output_norm`),
    ];
  };
  return [
    embedding("word_embeddings", "token_embd", config.vocabularySize),
    embedding("position_embeddings", "position_embd", config.positions),
    embedding("token_type_embeddings", "token_types", config.tokenTypes),
    ...norm("embeddings.LayerNorm", "token_embd_norm"),
    ...Array.from({ length: config.layers }, (_, i) => layer(i)).flat(),
  ];
}

function pair(from: string, to: string, shape: readonly number[]): Mapping[] {
  return [
    { from: `${from}.weight`, to: `${to}.weight`, shape },
    { from: `${from}.bias`, to: `${to}.bias`, shape },
  ];
}
