import { readFile } from "node:fs/promises";
import path from "node:path";
import { SafetensorsFile } from "../../src/models/safetensors.ts";

type Vector = Float64Array;
interface Linear {
  readonly weight: Vector;
  readonly bias: Vector;
}
interface Layer {
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly attentionOutput: Linear;
  readonly attentionNorm: Linear;
  readonly up: Linear;
  readonly down: Linear;
  readonly outputNorm: Linear;
}

/**
 * all-MiniLM-L6-v2 computed a second time in float64, straight from the published weights and from the papers' formulas (BERT with exact GELU,
 * WordPiece by greedy longest match), independent of the converter and the engine. Slow and only for tests.
 */
export class BertNetwork {
  static readonly width = 384;
  static readonly heads = 12;
  static readonly inner = 1536;
  readonly #embeddings: { words: Vector; positions: Vector; types: Vector; norm: Linear };
  readonly #layers: readonly Layer[];
  readonly #vocabulary: ReadonlyMap<string, number>;

  private constructor(
    embeddings: { words: Vector; positions: Vector; types: Vector; norm: Linear },
    layers: readonly Layer[],
    vocabulary: ReadonlyMap<string, number>,
  ) {
    this.#embeddings = embeddings;
    this.#layers = layers;
    this.#vocabulary = vocabulary;
  }

  static async load(folder: string): Promise<BertNetwork> {
    await using file = await SafetensorsFile.open(path.join(folder, "model.safetensors"));
    const tensor = async (name: string): Promise<Vector> => {
      const found = file.tensors.get(name);
      if (found === undefined) throw new Error(`no ${name}`);
      return Float64Array.from(await file.readFloat32(found));
    };
    const linear = async (name: string): Promise<Linear> => ({
      weight: await tensor(`${name}.weight`),
      bias: await tensor(`${name}.bias`),
    });
    const layers: Layer[] = [];
    for (let i = 0; i < 6; i++) {
      const at = `encoder.layer.${i}`;
      layers.push({
        query: await linear(`${at}.attention.self.query`),
        key: await linear(`${at}.attention.self.key`),
        value: await linear(`${at}.attention.self.value`),
        attentionOutput: await linear(`${at}.attention.output.dense`),
        attentionNorm: await linear(`${at}.attention.output.LayerNorm`),
        up: await linear(`${at}.intermediate.dense`),
        down: await linear(`${at}.output.dense`),
        outputNorm: await linear(`${at}.output.LayerNorm`),
      });
    }
    const embeddings = {
      words: await tensor("embeddings.word_embeddings.weight"),
      positions: await tensor("embeddings.position_embeddings.weight"),
      types: await tensor("embeddings.token_type_embeddings.weight"),
      norm: await linear("embeddings.LayerNorm"),
    };
    const lines = (await readFile(path.join(folder, "vocab.txt"), "utf8")).split("\n");
    return new BertNetwork(embeddings, layers, new Map(lines.map((token, id) => [token, id])));
  }

  /** [CLS], word pieces, [SEP]; for plain ASCII text. */
  tokenize(text: string): number[] {
    const words = text.toLowerCase().match(/[a-z0-9]+|[^\sa-z0-9]/g) ?? [];
    return [this.#id("[CLS]"), ...words.flatMap((word) => this.#pieces(word)), this.#id("[SEP]")];
  }

  /** The mean of the last hidden states, of unit length. */
  embed(text: string): Vector {
    const { width } = BertNetwork;
    const tokens = this.tokenize(text);
    let states = tokens.map((token, position) => {
      const sum = new Float64Array(width);
      const { words, positions, types } = this.#embeddings;
      for (let i = 0; i < width; i++) {
        sum[i] = at(words, token * width + i) + at(positions, position * width + i) + at(types, i);
      }
      return layerNorm(sum, this.#embeddings.norm);
    });
    for (const layer of this.#layers) states = runLayer(states, layer);
    const mean = new Float64Array(width);
    for (const state of states) for (let i = 0; i < width; i++) mean[i] = at(mean, i) + at(state, i) / states.length;
    const length = Math.sqrt(dot(mean, mean));
    return mean.map((value) => value / length);
  }

  #pieces(word: string): number[] {
    const pieces: number[] = [];
    for (let start = 0; start < word.length; ) {
      let end = word.length;
      const piece = () => (start === 0 ? "" : "##") + word.slice(start, end);
      while (end > start && !this.#vocabulary.has(piece())) end--;
      if (end === start) return [this.#id("[UNK]")];
      pieces.push(this.#id(piece()));
      start = end;
    }
    return pieces;
  }

  #id(token: string): number {
    const id = this.#vocabulary.get(token);
    if (id === undefined) throw new Error(`no token ${token}`);
    return id;
  }
}

function runLayer(states: readonly Vector[], layer: Layer): Vector[] {
  const { width, heads, inner } = BertNetwork;
  const size = width / heads;
  const queries = states.map((state) => apply(layer.query, state, width));
  const keys = states.map((state) => apply(layer.key, state, width));
  const values = states.map((state) => apply(layer.value, state, width));
  return states.map((state, position) => {
    const mixed = new Float64Array(width);
    for (let head = 0; head < heads; head++) {
      const part = (vector: Vector | undefined) => (vector ?? mixed).subarray(head * size, (head + 1) * size);
      const scores = keys.map((key) => dot(part(queries[position]), part(key)) / Math.sqrt(size));
      const highest = Math.max(...scores);
      const weights = scores.map((score) => Math.exp(score - highest));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      for (const [other, weight] of weights.entries()) {
        const value = part(values[other]);
        for (let i = 0; i < size; i++)
          mixed[head * size + i] = at(mixed, head * size + i) + (weight / total) * at(value, i);
      }
    }
    const attended = layerNorm(add(apply(layer.attentionOutput, mixed, width), state), layer.attentionNorm);
    const hidden = apply(layer.up, attended, inner).map((x) => 0.5 * x * (1 + erf(x / Math.SQRT2)));
    return layerNorm(add(apply(layer.down, hidden, width), attended), layer.outputNorm);
  });
}

function apply({ weight, bias }: Linear, input: Vector, rows: number): Vector {
  const columns = input.length;
  return Float64Array.from(
    { length: rows },
    (_, row) => at(bias, row) + dot(weight.subarray(row * columns, (row + 1) * columns), input),
  );
}

function layerNorm(vector: Vector, { weight, bias }: Linear): Vector {
  const mean = vector.reduce((sum, value) => sum + value, 0) / vector.length;
  const variance = vector.reduce((sum, value) => sum + (value - mean) ** 2, 0) / vector.length;
  return vector.map((value, i) => ((value - mean) / Math.sqrt(variance + 1e-12)) * at(weight, i) + at(bias, i));
}

/** The error function: Taylor series near zero, continued fraction of its complement elsewhere. */
function erf(x: number): number {
  const z = Math.abs(x);
  if (z > 6) return Math.sign(x);
  if (z < 2.5) {
    let term = z;
    let sum = z;
    for (let n = 1; n < 60; n++) {
      term *= -(z * z) / n;
      sum += term / (2 * n + 1);
    }
    return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI);
  }
  let fraction = z;
  for (let n = 60; n > 0; n--) fraction = z + n / 2 / fraction;
  return Math.sign(x) * (1 - Math.exp(-z * z) / (fraction * Math.sqrt(Math.PI)));
}

function add(a: Vector, b: Vector): Vector {
  return a.map((value, i) => value + at(b, i));
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

function at(vector: Vector, index: number): number {
  return vector[index] ?? 0;
}
