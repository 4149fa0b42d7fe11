import type { AnswerEngine, EngineAnswer, EngineCall, UsageMeter } from "../engine/answer-engine.ts";
import type { EngineHealth, GenerationEvent, GenerationRequest, Generator } from "../engine/generator.ts";
import type { AnswerIdentity } from "./answer-identity.ts";
import { invalidParameter } from "./api-error.ts";
import { encodeChatBody } from "./chat-body.ts";
import { readChatRequest } from "./chat-request.ts";
import { encodeChatStream } from "./chat-stream.ts";
import { encodeCompletionBody, encodeCompletionStream } from "./completion-encoder.ts";
import { readCompletionRequest } from "./completion-request.ts";
import { encodeEmbeddings } from "./embedding-encoder.ts";
import { readEmbeddingRequest } from "./embedding-request.ts";
import { refusalOf } from "./engine-refusals.ts";
import { meterEvents, reservationTooSmall } from "./metered-events.ts";
import { parseRequestBody } from "./request-reader.ts";

const streamType = "text/event-stream; charset=utf-8";
const jsonType = "application/json";

/** Answers in OpenAI's wire format over an engine that makes tokens. */
export class GeneratorAnswers implements AnswerEngine {
  readonly #generator: Generator;
  readonly #clock: { now(): number };

  constructor(generator: Generator, dependencies: { readonly clock: { now(): number } }) {
    this.#generator = generator;
    this.#clock = dependencies.clock;
  }

  async answer(call: EngineCall, signal: AbortSignal): Promise<EngineAnswer> {
    try {
      const body = parseRequestBody(call.body);
      switch (call.endpoint) {
        case "chat":
          return await this.#chat(call, body, signal);
        case "completions":
          return await this.#completions(call, body, signal);
        case "embeddings":
          return await this.#embeddings(call, body, signal);
      }
    } catch (error) {
      throw refusalOf(error) ?? error;
    }
  }

  health(): EngineHealth {
    return this.#generator.health();
  }

  close(): Promise<void> {
    return this.#generator.close();
  }

  #chat(call: EngineCall, body: Record<string, unknown>, signal: AbortSignal): Promise<EngineAnswer> {
    const { generation, stream, includeUsage, tools } = readChatRequest(body, call.model);
    const usage = newMeter();
    const encoding = {
      identity: this.#identity(call, "chatcmpl-"),
      tools,
      includeUsage,
      logprobs: generation.topLogprobs !== undefined,
    };
    const events = this.#events([generation], call, usage, signal);
    const encode = stream ? encodeChatStream : encodeChatBody;
    return started(encode(events, encoding, usage), stream, usage);
  }

  #completions(call: EngineCall, body: Record<string, unknown>, signal: AbortSignal): Promise<EngineAnswer> {
    const { generations, stream, includeUsage } = readCompletionRequest(body, call.model);
    const usage = newMeter();
    const logprobs = generations[0]?.topLogprobs !== undefined;
    const encoding = { identity: this.#identity(call, "cmpl-"), logprobs, includeUsage };
    const events = this.#events(generations, call, usage, signal);
    const encode = stream ? encodeCompletionStream : encodeCompletionBody;
    return started(encode(events, encoding, usage), stream, usage);
  }

  async #embeddings(call: EngineCall, body: Record<string, unknown>, signal: AbortSignal): Promise<EngineAnswer> {
    const { inputs, format, dimensions } = readEmbeddingRequest(body);
    const { vectors, promptTokens } = await this.#generator.embed(call.model, inputs, signal);
    const length = vectors[0]?.length ?? 0;
    if (dimensions !== undefined && dimensions !== length) {
      throw invalidParameter("dimensions", `This model's vectors have ${length} dimensions.`, "invalid_value");
    }
    if (call.outputUnitsMax(promptTokens) < 0) throw reservationTooSmall();
    const bytes = encodeEmbeddings(vectors, { format, model: call.modelName, inputUnits: promptTokens });
    return {
      contentType: jsonType,
      stream: false,
      body: once(bytes),
      usage: { inputUnits: promptTokens, outputUnits: 0 },
    };
  }

  async *#events(
    generations: readonly GenerationRequest[],
    call: EngineCall,
    usage: UsageMeter,
    signal: AbortSignal,
  ): AsyncGenerator<GenerationEvent> {
    let base = 0;
    const total = this.#totalTokensMax(generations, call.model);
    const outputUnitsMax = (inputUnits: number) => Math.min(call.outputUnitsMax(inputUnits), total);
    for (const generation of generations) {
      const { choices } = generation;
      const events = this.#generator.generate(generation, signal);
      yield* meterEvents(events, usage, { outputUnitsMax, choices, base });
      base += choices;
    }
  }

  /** What the request allows over all its choices; one context's worth when it does not say, as the market reserves for. */
  #totalTokensMax(generations: readonly GenerationRequest[], model: string): number {
    const context = this.#generator.models().find(({ name }) => name === model)?.contextTokens ?? 0;
    const [first] = generations;
    if (first?.maxTokens === undefined) return context;
    return first.maxTokens * first.choices * generations.length;
  }

  #identity(call: EngineCall, prefix: string): AnswerIdentity {
    const weights = this.#generator.models().find((model) => model.name === call.model)?.weightsSha256 ?? "";
    return {
      id: prefix + call.requestId,
      created: Math.floor(this.#clock.now() / 1000),
      model: call.modelName,
      fingerprint: `fp_${weights.slice(0, 10)}`,
    };
  }
}

/** Waits for the first bytes, so that what is wrong with a request is told before anything was answered. */
async function started(bytes: AsyncGenerator<Uint8Array>, stream: boolean, usage: UsageMeter): Promise<EngineAnswer> {
  const first = await bytes.next();
  const body = resume(first, bytes);
  return { contentType: stream ? streamType : jsonType, stream, body, usage };
}

async function* resume(
  first: IteratorResult<Uint8Array>,
  rest: AsyncGenerator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    if (first.done === true) return;
    yield first.value;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function newMeter(): UsageMeter {
  return { inputUnits: 0, outputUnits: 0 };
}
