import {
  type EmbedRequest,
  type EmbedResponse,
  FinishReason,
  type GenerateRequest,
  type GenerateResponse,
  type TokenProbability as TokenProbabilityMessage,
} from "@koinon/contracts/koinon/compute/v1/engine_service";
import { EngineError } from "../errors.ts";
import type {
  EmbeddingInput,
  Embeddings,
  GenerationEvent,
  GenerationRequest,
  Prompt,
  TokenProbability,
} from "../generator.ts";

/** A generation request for the wire. */
export function generationToMessage(request: GenerationRequest): GenerateRequest {
  const { sampling, constraint } = request;
  return {
    model: request.model,
    prompt: promptToMessage(request.prompt),
    choices: request.choices,
    maxTokens: request.maxTokens,
    temperature: sampling.temperature,
    topP: sampling.topP,
    frequencyPenalty: sampling.frequencyPenalty,
    presencePenalty: sampling.presencePenalty,
    seed: sampling.seed,
    stop: [...request.stop],
    topLogprobs: request.topLogprobs,
    constraint:
      constraint === undefined ? undefined : { grammar: constraint.grammar, trigger: constraint.trigger ?? "" },
  };
}

/** A generation request from the wire; the caller is a provider of the same operator, so only the shape is checked. */
export function generationFromMessage(message: GenerateRequest): GenerationRequest {
  const { constraint, temperature, topP, frequencyPenalty, presencePenalty, seed } = message;
  return {
    model: message.model,
    prompt: promptFromMessage(message.prompt),
    choices: message.choices,
    ...(message.maxTokens === undefined ? {} : { maxTokens: message.maxTokens }),
    sampling: {
      ...{ frequencyPenalty, presencePenalty },
      ...(temperature === undefined ? {} : { temperature }),
      ...(topP === undefined ? {} : { topP }),
      ...(seed === undefined ? {} : { seed }),
    },
    stop: message.stop,
    ...(message.topLogprobs === undefined ? {} : { topLogprobs: message.topLogprobs }),
    ...(constraint === undefined
      ? {}
      : {
          constraint: {
            grammar: constraint.grammar,
            ...(constraint.trigger === "" ? {} : { trigger: constraint.trigger }),
          },
        }),
  };
}

/** A generation event for the wire. */
export function eventToMessage(event: GenerationEvent): GenerateResponse {
  switch (event.type) {
    case "started":
      return { event: { $case: "started", value: { promptTokens: event.promptTokens } } };
    case "delta": {
      const { choice, text, tokens } = event;
      const logprobs = event.logprobs.map(({ top, ...sampled }) => ({
        sampled: probabilityToMessage(sampled),
        top: top.map(probabilityToMessage),
      }));
      return { event: { $case: "delta", value: { choice, text, tokens, logprobs } } };
    }
    case "finished": {
      const reason = event.reason === "stop" ? FinishReason.STOP : FinishReason.LENGTH;
      return { event: { $case: "finished", value: { choice: event.choice, reason, tokens: event.tokens } } };
    }
  }
}

/** A generation event from the wire. */
export function eventFromMessage({ event }: GenerateResponse): GenerationEvent {
  switch (event?.$case) {
    case "started":
      return { type: "started", promptTokens: event.value.promptTokens };
    case "delta": {
      const { choice, text, tokens } = event.value;
      const logprobs = event.value.logprobs.map(({ sampled, top }) => ({
        ...probabilityFromMessage(sampled ?? { token: "", logprob: 0 }),
        top: top.map(probabilityFromMessage),
      }));
      return { type: "delta", choice, text, tokens, logprobs };
    }
    case "finished": {
      const { choice, tokens } = event.value;
      return { type: "finished", choice, reason: event.value.reason === FinishReason.STOP ? "stop" : "length", tokens };
    }
    case undefined:
      throw new EngineError({ code: "ENGINE_FAILED", reason: "an event without content" });
  }
}

/** Inputs to embed, for the wire. */
export function embedToMessage(model: string, inputs: readonly EmbeddingInput[]): EmbedRequest {
  return {
    model,
    inputs: inputs.map((input) =>
      typeof input === "string"
        ? { input: { $case: "text", value: input } }
        : { input: { $case: "tokens", value: { tokens: [...input] } } },
    ),
  };
}

/** Inputs to embed, from the wire. */
export function inputsFromMessage(message: EmbedRequest): EmbeddingInput[] {
  return message.inputs.map(({ input }) => (input?.$case === "tokens" ? input.value.tokens : (input?.value ?? "")));
}

/** Vectors for the wire. */
export function embeddingsToMessage({ vectors, promptTokens }: Embeddings): EmbedResponse {
  const length = vectors[0]?.length ?? 0;
  const bytes = Buffer.alloc(vectors.length * length * 4);
  for (const [index, vector] of vectors.entries()) {
    for (const [at, value] of vector.entries()) bytes.writeFloatLE(value, (index * length + at) * 4);
  }
  return { vectors: bytes, length, promptTokens };
}

/** Vectors from the wire. */
export function embeddingsFromMessage({ vectors, length, promptTokens }: EmbedResponse): Embeddings {
  const view = new DataView(vectors.buffer, vectors.byteOffset, vectors.byteLength);
  const count = length === 0 ? 0 : vectors.byteLength / 4 / length;
  const vector = (index: number) =>
    Float32Array.from({ length }, (_, at) => view.getFloat32((index * length + at) * 4, true));
  return { vectors: Array.from({ length: count }, (_, index) => vector(index)), promptTokens };
}

function promptToMessage(prompt: Prompt): GenerateRequest["prompt"] {
  switch (prompt.kind) {
    case "chat": {
      const { messages, tools } = prompt;
      return { $case: "chat", value: { messagesJson: JSON.stringify(messages), toolsJson: JSON.stringify(tools) } };
    }
    case "text":
      return { $case: "text", value: prompt.text };
    case "tokens":
      return { $case: "tokens", value: { tokens: [...prompt.tokens] } };
  }
}

function promptFromMessage(prompt: GenerateRequest["prompt"]): Prompt {
  switch (prompt?.$case) {
    case "chat":
      return {
        kind: "chat",
        messages: JSON.parse(prompt.value.messagesJson),
        tools: JSON.parse(prompt.value.toolsJson),
      };
    case "tokens":
      return { kind: "tokens", tokens: prompt.value.tokens };
    case "text":
      return { kind: "text", text: prompt.value };
    case undefined:
      throw new EngineError({ code: "PROMPT_EMPTY" });
  }
}

function probabilityToMessage({ token, logprob, bytes }: TokenProbability): TokenProbabilityMessage {
  return { token, logprob, bytes: bytes === null ? undefined : Uint8Array.from(bytes) };
}

function probabilityFromMessage({ token, logprob, bytes }: TokenProbabilityMessage): TokenProbability {
  return { token, logprob, bytes: bytes === undefined ? null : [...bytes] };
}
