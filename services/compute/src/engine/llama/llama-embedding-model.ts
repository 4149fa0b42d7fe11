import type { LlamaEmbeddingContext, LlamaModel, Token } from "node-llama-cpp";
import { Admission } from "../admission.ts";
import { EngineError } from "../errors.ts";
import type { EmbeddingInput, Embeddings, EngineModel } from "../generator.ts";

export interface EmbeddingModelOptions {
  readonly name: string;
  readonly weightsSha256: string;
  readonly manifest: Uint8Array;
  readonly contextTokens: number;
  readonly embeddingLength: number;
  readonly queueMax: number;
  readonly threads: number;
}

/** A sentence encoder in this process; one request at a time, since a second one would only share the same cores. */
export class LlamaEmbeddingModel {
  readonly info: EngineModel;
  readonly admission: Admission;
  readonly #model: LlamaModel;
  readonly #context: LlamaEmbeddingContext;

  private constructor(model: LlamaModel, context: LlamaEmbeddingContext, options: EmbeddingModelOptions) {
    this.#model = model;
    this.#context = context;
    this.admission = new Admission({
      places: 1,
      queueMax: options.queueMax,
      refuse: (overload) => new EngineError({ code: "ENGINE_OVERLOADED", ...overload }),
    });
    const { name, contextTokens, embeddingLength, weightsSha256, manifest } = options;
    const size = { contextTokens, embeddingLength };
    this.info = { name, kind: "embedding", hasChatTemplate: false, ...size, weightsSha256, manifest };
  }

  static async load(model: LlamaModel, options: EmbeddingModelOptions): Promise<LlamaEmbeddingModel> {
    // The engine wants room for one token more than an input may have.
    const contextSize = options.contextTokens + 1;
    const context = await model.createEmbeddingContext({
      contextSize,
      batchSize: contextSize,
      threads: options.threads,
    });
    return new LlamaEmbeddingModel(model, context, options);
  }

  async embed(inputs: readonly EmbeddingInput[], signal: AbortSignal): Promise<Embeddings> {
    const tokenized = inputs.map((input) => this.#tokenize(input));
    const leave = await this.admission.enter(signal);
    try {
      const vectors: Float32Array[] = [];
      for (const tokens of tokenized) {
        signal.throwIfAborted();
        const { vector } = await this.#context.getEmbeddingFor(tokens);
        vectors.push(normalized(vector));
      }
      return { vectors, promptTokens: tokenized.reduce((sum, tokens) => sum + tokens.length, 0) };
    } finally {
      leave();
    }
  }

  async dispose(): Promise<void> {
    await this.#context.dispose();
    await this.#model.dispose();
  }

  /** Tokens with the special ones that the engine would add, so that the count is what it evaluates. */
  #tokenize(input: EmbeddingInput): Token[] {
    const size = this.#model.fileInfo.metadata.tokenizer.ggml.tokens.length;
    const unknown = typeof input === "string" ? undefined : input.find((token) => token >= size);
    if (unknown !== undefined) throw new EngineError({ code: "TOKEN_UNKNOWN", token: unknown });
    const tokens = typeof input === "string" ? this.#model.tokenize(input) : ([...input] as Token[]);
    const { bos, eos } = this.#model.tokens;
    if (bos !== null && tokens[0] !== bos) tokens.unshift(bos);
    if (eos !== null && tokens.at(-1) !== eos) tokens.push(eos);
    const { contextTokens } = this.info;
    if (tokens.length > contextTokens) {
      const promptTokens = tokens.length;
      throw new EngineError({ code: "CONTEXT_OVERFLOW", contextTokens, promptTokens, requestedTokens: 0 });
    }
    return tokens;
  }
}

function normalized(vector: readonly number[]): Float32Array {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return Float32Array.from(vector, (value) => (length === 0 ? 0 : value / length));
}
