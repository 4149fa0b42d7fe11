import { getLlama, type Llama, LlamaLogLevel, type LlamaModel } from "node-llama-cpp";
import { EngineError } from "../errors.ts";
import type {
  EmbeddingInput,
  Embeddings,
  EngineHealth,
  EngineModel,
  GenerationEvent,
  GenerationRequest,
  Generator,
} from "../generator.ts";
import { LlamaChatModel, type SamplingDefaults } from "./llama-chat-model.ts";
import { LlamaEmbeddingModel } from "./llama-embedding-model.ts";

/** A GGUF file to serve. */
export interface LlamaModelFile {
  readonly name: string;
  readonly path: string;
  readonly kind: "chat" | "embedding";
  readonly weightsSha256: string;
  /** What the model was made for; the context served is at most this. */
  readonly contextTokens: number;
  readonly embeddingLength: number;
  readonly chatTemplate: string | undefined;
  /** Sampling that suits the model. */
  readonly sampling: SamplingDefaults;
  /** The model's manifest for the context that is served. */
  readonly manifest: (contextTokens: number) => Uint8Array;
}

export interface LlamaOptions {
  readonly models: readonly LlamaModelFile[];
  /** Computing threads; cores - 1 is fastest, since the last core feeds them. */
  readonly threads: number;
  /** Generations decoded at once per chat model. */
  readonly slots: number;
  /** Requests that may wait per model. */
  readonly queueMax: number;
  /** Most context tokens per slot; memory grows with it. */
  readonly contextTokensMax: number;
}

export interface LlamaDependencies {
  readonly drawSeed: () => number;
  readonly logError: (message: string) => void;
}

/** llama.cpp in this process, on the CPU, with the binaries that the package ships. */
export class LlamaGenerator implements Generator {
  readonly #llama: Llama;
  readonly #chat: ReadonlyMap<string, LlamaChatModel>;
  readonly #embedding: ReadonlyMap<string, LlamaEmbeddingModel>;

  private constructor(llama: Llama, loaded: readonly (LlamaChatModel | LlamaEmbeddingModel)[]) {
    this.#llama = llama;
    const pick = <T>(isKind: (model: unknown) => model is T & { info: EngineModel }) =>
      new Map(loaded.filter(isKind).map((model) => [model.info.name, model as T]));
    this.#chat = pick((model): model is LlamaChatModel => model instanceof LlamaChatModel);
    this.#embedding = pick((model): model is LlamaEmbeddingModel => model instanceof LlamaEmbeddingModel);
  }

  static async load(options: LlamaOptions, dependencies: LlamaDependencies): Promise<LlamaGenerator> {
    const llama = await getLlama({
      gpu: false,
      build: "never",
      skipDownload: true,
      maxThreads: 0,
      // Warnings are about habits of model files (a lower-casing tokenizer, say) that nobody can act on.
      logLevel: LlamaLogLevel.error,
      logger: (_level, message) => dependencies.logError(message.trim()),
    });
    const loaded: (LlamaChatModel | LlamaEmbeddingModel)[] = [];
    for (const file of options.models) {
      const model = await llama.loadModel({ modelPath: file.path, gpuLayers: 0 });
      loaded.push(await loadModel(llama, model, file, options, dependencies));
    }
    return new LlamaGenerator(llama, loaded);
  }

  models(): readonly EngineModel[] {
    return [...this.#chat.values(), ...this.#embedding.values()].map((model) => model.info);
  }

  generate(request: GenerationRequest, signal: AbortSignal): AsyncIterable<GenerationEvent> {
    const model = this.#chat.get(request.model);
    if (model !== undefined) return model.generate(request, signal);
    throw this.#missing(request.model, "text");
  }

  embed(name: string, inputs: readonly EmbeddingInput[], signal: AbortSignal): Promise<Embeddings> {
    const model = this.#embedding.get(name);
    if (model === undefined) return Promise.reject(this.#missing(name, "embedding"));
    return model.embed(inputs, signal);
  }

  health(): EngineHealth {
    const admissions = [...this.#chat.values(), ...this.#embedding.values()].map((model) => model.admission);
    const sum = (count: (admission: (typeof admissions)[number]) => number) =>
      admissions.reduce((total, admission) => total + count(admission), 0);
    const detail = `${admissions.length} models loaded`;
    return { state: "ready", detail, active: sum((a) => a.active), queued: sum((a) => a.queued) };
  }

  async close(): Promise<void> {
    for (const model of [...this.#chat.values(), ...this.#embedding.values()]) await model.dispose();
    await this.#llama.dispose();
  }

  #missing(model: string, wanted: "text" | "embedding"): EngineError {
    const other = wanted === "text" ? this.#embedding.has(model) : this.#chat.has(model);
    return new EngineError(
      other ? { code: "ENGINE_MODEL_UNSUITED", model, wanted } : { code: "ENGINE_MODEL_UNKNOWN", model },
    );
  }
}

function loadModel(
  llama: Llama,
  model: LlamaModel,
  file: LlamaModelFile,
  options: LlamaOptions,
  { drawSeed }: LlamaDependencies,
): Promise<LlamaChatModel | LlamaEmbeddingModel> {
  const { threads, slots, queueMax } = options;
  if (file.kind === "embedding") {
    const manifest = file.manifest(file.contextTokens);
    return LlamaEmbeddingModel.load(model, { ...file, manifest, queueMax, threads });
  }
  const contextTokens = Math.min(file.contextTokens, options.contextTokensMax);
  const manifest = file.manifest(contextTokens);
  return LlamaChatModel.load(llama, model, {
    ...{ ...file, manifest, contextTokens, defaults: file.sampling },
    ...{ slots, queueMax, threads, drawSeed },
  });
}
