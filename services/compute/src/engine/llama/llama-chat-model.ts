import type { Llama, LlamaContext, LlamaModel, Token } from "node-llama-cpp";
import { Admission } from "../admission.ts";
import { EngineError } from "../errors.ts";
import type { EngineModel, GenerationEvent, GenerationRequest, Prompt } from "../generator.ts";
import { ChatPrompt } from "./chat-prompt.ts";
import { decodeChoice } from "./decode.ts";
import { SequencePool } from "./sequence-pool.ts";

/** Sampling that suits a model. */
export interface SamplingDefaults {
  readonly temperature: number;
  readonly topP: number;
}

export interface ChatModelOptions {
  readonly name: string;
  readonly weightsSha256: string;
  readonly manifest: Uint8Array;
  readonly contextTokens: number;
  readonly chatTemplate: string | undefined;
  /** How to sample when a request does not say. */
  readonly defaults: SamplingDefaults;
  /** Generations decoded at once; each holds a context of its own. */
  readonly slots: number;
  readonly queueMax: number;
  readonly threads: number;
  /** Draws the seed of a request that names none. */
  readonly drawSeed: () => number;
}

const seedCount = 2 ** 32;

/** A generative model in this process. */
export class LlamaChatModel {
  readonly info: EngineModel;
  readonly admission: Admission;
  readonly #llama: Llama;
  readonly #model: LlamaModel;
  readonly #context: LlamaContext;
  readonly #pool: SequencePool;
  readonly #prompt: ChatPrompt | undefined;
  readonly #drawSeed: () => number;
  readonly #defaults: SamplingDefaults;

  private constructor(llama: Llama, model: LlamaModel, context: LlamaContext, options: ChatModelOptions) {
    this.#llama = llama;
    this.#model = model;
    this.#context = context;
    this.#drawSeed = options.drawSeed;
    this.#defaults = options.defaults;
    this.admission = new Admission({
      places: options.slots,
      queueMax: options.queueMax,
      refuse: (overload) => new EngineError({ code: "ENGINE_OVERLOADED", ...overload }),
    });
    const sequences = Array.from({ length: options.slots }, () => context.getSequence());
    this.#pool = new SequencePool(sequences, this.admission);
    const { chatTemplate } = options;
    const tokens = { bos: model.tokens.bosString ?? "", eos: model.tokens.eosString ?? "" };
    this.#prompt = chatTemplate === undefined ? undefined : new ChatPrompt(chatTemplate, tokens);
    this.info = {
      name: options.name,
      kind: "chat",
      hasChatTemplate: chatTemplate !== undefined,
      contextTokens: options.contextTokens,
      embeddingLength: 0,
      weightsSha256: options.weightsSha256,
      manifest: options.manifest,
    };
  }

  static async load(llama: Llama, model: LlamaModel, options: ChatModelOptions): Promise<LlamaChatModel> {
    const context = await model.createContext({
      contextSize: options.contextTokens,
      sequences: options.slots,
      threads: options.threads,
    });
    return new LlamaChatModel(llama, model, context, options);
  }

  async *generate(request: GenerationRequest, signal: AbortSignal): AsyncGenerator<GenerationEvent> {
    const promptTokens = this.#tokenize(request.prompt);
    const tokensMax = this.#tokensMax(promptTokens.length, request.maxTokens);
    const { sequence, give } = await this.#pool.borrow(promptTokens, signal);
    try {
      yield { type: "started", promptTokens: promptTokens.length };
      const { temperature = this.#defaults.temperature, topP = this.#defaults.topP } = request.sampling;
      const seed = request.sampling.seed ?? this.#drawSeed();
      for (let choice = 0; choice < request.choices; choice++) {
        const work = { request, choice, promptTokens, tokensMax, temperature, topP, seed: (seed + choice) % seedCount };
        yield* decodeChoice(this.#llama, sequence, work, signal);
      }
    } finally {
      give();
    }
  }

  async dispose(): Promise<void> {
    await this.#context.dispose();
    await this.#model.dispose();
  }

  #tokensMax(promptTokens: number, wanted: number | undefined): number {
    const room = this.info.contextTokens - promptTokens;
    const requestedTokens = wanted ?? 1;
    if (room < requestedTokens) {
      const { contextTokens } = this.info;
      throw new EngineError({ code: "CONTEXT_OVERFLOW", contextTokens, promptTokens, requestedTokens });
    }
    return wanted ?? room;
  }

  #tokenize(prompt: Prompt): Token[] {
    const tokens = this.#promptTokens(prompt);
    const { bos, shouldPrependBosToken } = this.#model.tokens;
    if (prompt.kind !== "tokens" && bos !== null && shouldPrependBosToken && tokens[0] !== bos) tokens.unshift(bos);
    if (tokens.length === 0) {
      if (bos === null) throw new EngineError({ code: "PROMPT_EMPTY" });
      tokens.push(bos);
    }
    return tokens;
  }

  #promptTokens(prompt: Prompt): Token[] {
    switch (prompt.kind) {
      case "chat": {
        if (this.#prompt === undefined) {
          throw new EngineError({ code: "ENGINE_MODEL_UNSUITED", model: this.info.name, wanted: "chat" });
        }
        return this.#model.tokenize(this.#prompt.render(prompt.messages, prompt.tools), true);
      }
      case "text":
        return this.#model.tokenize(prompt.text);
      case "tokens": {
        const size = this.#model.fileInfo.metadata.tokenizer.ggml.tokens.length;
        const unknown = prompt.tokens.find((token) => token >= size);
        if (unknown !== undefined) throw new EngineError({ code: "TOKEN_UNKNOWN", token: unknown });
        return [...prompt.tokens] as Token[];
      }
    }
  }
}
