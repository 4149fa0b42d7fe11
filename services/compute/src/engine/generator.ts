/** A model that an engine has loaded. */
export interface EngineModel {
  readonly name: string;
  readonly kind: "chat" | "embedding";
  /** False when the file carries no chat template: completions only. */
  readonly hasChatTemplate: boolean;
  /** Tokens that prompt and answer may take together. */
  readonly contextTokens: number;
  /** Length of an embedding vector; 0 for a chat model. */
  readonly embeddingLength: number;
  readonly weightsSha256: string;
  /** The model's manifest as RFC 8785 JSON bytes. */
  readonly manifest: Uint8Array;
}

/** A chat message as chat templates take it. */
export interface ChatMessage {
  readonly role: string;
  readonly content: string;
  readonly name?: string;
  readonly tool_calls?: readonly { readonly id: string; readonly name: string; readonly arguments: string }[];
  readonly tool_call_id?: string;
}

/** A function that the model may call; `parameters` is a JSON Schema. */
export interface ToolFunction {
  readonly name: string;
  readonly description?: string;
  readonly parameters?: Readonly<Record<string, unknown>>;
}

export type Prompt =
  | { readonly kind: "chat"; readonly messages: readonly ChatMessage[]; readonly tools: readonly ToolFunction[] }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "tokens"; readonly tokens: readonly number[] };

/** A GBNF grammar that the answer follows. With a trigger it binds only answers that start with that text; all others are free. */
export interface Constraint {
  readonly grammar: string;
  readonly trigger?: string;
}

/** How to sample. */
export interface Sampling {
  /** 0 takes the likeliest token; absent for what suits the model. */
  readonly temperature?: number;
  /** Absent for what suits the model. */
  readonly topP?: number;
  readonly frequencyPenalty: number;
  readonly presencePenalty: number;
  /** The same seed, request and engine build give the same tokens; without one each request draws its own. */
  readonly seed?: number;
}

/** One prompt to continue `choices` times. */
export interface GenerationRequest {
  readonly model: string;
  readonly prompt: Prompt;
  readonly choices: number;
  /** Most tokens per choice; absent for as many as fit the context. */
  readonly maxTokens?: number;
  readonly sampling: Sampling;
  /** Texts that end a choice; they are not part of it. */
  readonly stop: readonly string[];
  /** How many alternatives to report per token (0 for the token alone); absent for no log-probabilities. */
  readonly topLogprobs?: number;
  readonly constraint?: Constraint;
}

/** A token, its natural log-probability and its bytes, null when they are no whole characters. */
export interface TokenProbability {
  readonly token: string;
  readonly logprob: number;
  readonly bytes: readonly number[] | null;
}

export interface TokenLogprob extends TokenProbability {
  readonly top: readonly TokenProbability[];
}

export type FinishReason = "stop" | "length";

/**
 * What a generation yields: `started` first, then deltas and one `finished` per choice, choices in order. `tokens` counts the
 * sampled tokens that a delta newly accounts for (end-of-turn tokens are not counted); their sum is the usage.
 */
export type GenerationEvent =
  | { readonly type: "started"; readonly promptTokens: number }
  | {
      readonly type: "delta";
      readonly choice: number;
      readonly text: string;
      readonly tokens: number;
      readonly logprobs: readonly TokenLogprob[];
    }
  | { readonly type: "finished"; readonly choice: number; readonly reason: FinishReason; readonly tokens: number };

export type EmbeddingInput = string | readonly number[];

export interface Embeddings {
  /** One unit-length vector per input. */
  readonly vectors: readonly Float32Array[];
  readonly promptTokens: number;
}

export interface EngineHealth {
  readonly state: "ready" | "starting" | "down";
  readonly detail: string;
  readonly active: number;
  readonly queued: number;
}

/** Produces tokens. Implemented over llama.cpp in this process and over gRPC by a process of its own. Failures are EngineError. */
export interface Generator {
  models(): readonly EngineModel[];
  /** Leaving the loop or aborting the signal stops the decoding within one token. */
  generate(request: GenerationRequest, signal: AbortSignal): AsyncIterable<GenerationEvent>;
  embed(model: string, inputs: readonly EmbeddingInput[], signal: AbortSignal): Promise<Embeddings>;
  health(): EngineHealth;
  close(): Promise<void>;
}
