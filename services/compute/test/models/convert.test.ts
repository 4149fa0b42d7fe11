import { writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { convertBertToGguf } from "../../src/models/convert/bert-to-gguf.ts";
import { readGgufFile } from "../../src/models/gguf/read.ts";
import { SafetensorsFile } from "../../src/models/safetensors.ts";
import { hashFile } from "../../src/models/source/hash-file.ts";
import { encodeSafetensors, type TinyBertChanges, writeTinyBert } from "../fixtures/tiny-bert.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let made = 0;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

const facts = { name: "tiny", license: "none", author: "nobody" };

async function convert(changes: TinyBertChanges = {}): Promise<string> {
  const target = path.join(folder.path, `${made++}.gguf`);
  await writeTinyBert(folder.path, changes);
  await convertBertToGguf(folder.path, target, facts);
  return target;
}

describe("the BERT converter", () => {
  test("writes the engine's names, keys and vocabulary", async () => {
    const { metadata, tensors } = await readGgufFile(await convert());
    expect(metadata.get("bert.pooling_type")).toEqual({ type: "u32", value: 1 });
    expect(metadata.get("bert.attention.causal")).toEqual({ type: "bool", value: false });
    expect(metadata.get("tokenizer.ggml.tokens")).toMatchObject({
      values: ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "\u2581word", "s"],
    });
    expect(metadata.get("tokenizer.ggml.token_type")).toMatchObject({ values: [3, 3, 3, 3, 3, 1, 1] });
    const types = Object.fromEntries(tensors.map((tensor) => [tensor.name, [tensor.type.name, ...tensor.shape]]));
    expect(types).toMatchObject({
      "token_embd.weight": ["F16", 8, 7],
      "position_embd.weight": ["F32", 8, 12],
      "token_types.weight": ["F32", 8, 2],
      "blk.0.ffn_up.weight": ["F16", 8, 16],
      "blk.0.ffn_up.bias": ["F32", 16],
      "blk.0.layer_output_norm.weight": ["F32", 8],
    });
    expect(tensors).toHaveLength(21);
  });

  test("gives the same bytes for the same input", async () => {
    const hash = async (file: string) => hashFile(file, AbortSignal.timeout(5_000));
    expect(await hash(await convert())).toBe(await hash(await convert()));
  });

  test("refuses what it does not know, and says what", async () => {
    const cases: [string, TinyBertChanges][] = [
      ["config.model_type", { config: { model_type: "roberta" } }],
      ["config.hidden_act", { config: { hidden_act: "relu" } }],
      ["config.position_embedding_type", { config: { position_embedding_type: "relative_key" } }],
      ["config.architectures", { config: { architectures: ["BertForMaskedLM"] } }],
      ["config.hidden_size", { config: { hidden_size: "8" } }],
      ["config.num_attention_heads", { config: { num_attention_heads: 3 } }],
      ["config.layer_norm_eps", { config: { layer_norm_eps: 0 } }],
      ["tokenizer_config.tokenizer_class", { tokenizer: { tokenizer_class: "XLMRobertaTokenizer" } }],
      ["tokenizer_config.do_lower_case", { tokenizer: { do_lower_case: false } }],
      ["tokenizer_config.strip_accents", { tokenizer: { strip_accents: false } }],
      ["pooling.pooling_mode_cls_token", { pooling: { pooling_mode_cls_token: true } }],
      ["pooling.pooling_mode_mean_tokens", { pooling: { pooling_mode_mean_tokens: false } }],
      ["vocab.txt", { vocabulary: ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "word"] }],
      ["vocab.txt", { vocabulary: ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "word", "word"] }],
      ["vocab.txt", { vocabulary: ["[PAD]", "[UNK]", "[CLS]", "x", "[MASK]", "word", "##s"] }],
      ["tensor", { tensors: { "encoder.layer.1.extra": [8] } }],
      ["tensor", { tensors: { "embeddings.LayerNorm.bias": undefined } }],
      ["shape of embeddings.word_embeddings.weight", { tensors: { "embeddings.word_embeddings.weight": [8, 7] } }],
      ["dtype of embeddings.word_embeddings.weight", { dtype: "I32" }],
    ];
    for (const [what, changes] of cases) {
      const refused = await convert(changes).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect([what, refused]).toMatchObject([what, { code: "CONVERSION_UNSUPPORTED", fault: { what } }]);
    }
  });
});

describe("safetensors", () => {
  const read = async (bytes: Buffer) => {
    const file = path.join(folder.path, "x.safetensors");
    await writeFile(file, bytes);
    await using opened = await SafetensorsFile.open(file);
    return [...opened.tensors.keys()];
  };

  test("is read when it covers the file exactly and refused otherwise", async () => {
    const good = encodeSafetensors({ a: [2, 2], b: [1] });
    expect(await read(good)).toEqual(["a", "b"]);
    const withHeader = (header: string, data: number) => {
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(header.length));
      return Buffer.concat([length, Buffer.from(header), Buffer.alloc(data)]);
    };
    const entry = (start: number, end: number, shape: number[], dtype = "F32") =>
      JSON.stringify({ dtype, shape, data_offsets: [start, end] });
    const cases: [string, Buffer][] = [
      ["shorter", Buffer.alloc(4)],
      ["length", withHeader("{}", 0).fill(0xff, 0, 8)],
      ["not JSON", withHeader("nope", 0)],
      ["not an object", withHeader("[]", 0)],
      ["cover the file", Buffer.concat([good, Buffer.alloc(1)])],
      ["cover the file", good.subarray(0, good.length - 1)],
      ["gap", withHeader(`{"a":${entry(4, 8, [1])}}`, 8)],
      ["overlaps", withHeader(`{"a":${entry(0, 4, [1])},"b":${entry(0, 4, [1])}}`, 4)],
      ["for 2 elements", withHeader(`{"a":${entry(0, 4, [2])}}`, 4)],
      ["unknown type", withHeader(`{"a":${entry(0, 4, [1], "F4")}}`, 4)],
      ["malformed", withHeader(`{"a":${entry(0, 4, [-1])}}`, 4)],
    ];
    for (const [reason, bytes] of cases) {
      const refused = await read(bytes).then(
        () => "read",
        (error: unknown) => String(error),
      );
      expect([reason, refused]).toEqual([reason, expect.stringContaining(reason)]);
    }
  });
});
