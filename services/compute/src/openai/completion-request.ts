import type { GenerationRequest, Prompt } from "../engine/generator.ts";
import { unsupportedParameter } from "./api-error.ts";
import { readOutputTokens, refuseUnknown } from "./output-tokens.ts";
import { RequestReader } from "./request-reader.ts";
import { readCommonParameters } from "./sampling-parameters.ts";
import { readTexts } from "./text-inputs.ts";

/** A completion request, checked: one generation per prompt. */
export interface CompletionRequest {
  readonly generations: readonly GenerationRequest[];
  readonly stream: boolean;
  readonly includeUsage: boolean;
}

const known = [
  ...["model", "prompt", "n", "temperature", "top_p", "seed", "stop", "stream", "stream_options", "max_tokens"],
  ...["frequency_penalty", "presence_penalty", "logit_bias", "logprobs", "best_of", "echo", "suffix"],
];
const promptsMax = 16;
const topLogprobsMax = 5;
/** OpenAI's default for this endpoint. */
const defaultOutputTokens = 16;

/** Checks a completion request body; throws ApiError. */
export function readCompletionRequest(body: Record<string, unknown>, model: string): CompletionRequest {
  const request = new RequestReader(body);
  refuseUnknown(request, known);
  if (request.has("suffix")) throw unsupportedParameter("suffix", "is not supported by this model");
  if (request.boolean("echo") === true) throw unsupportedParameter("echo", "is not supported by this model");
  const common = readCommonParameters(request);
  const bestOf = request.integer("best_of", 1, 20);
  if (bestOf !== undefined && bestOf !== common.choices) throw unsupportedParameter("best_of", "other than 'n'");
  const topLogprobs = request.integer("logprobs", 0, topLogprobsMax);
  const maxTokens = readOutputTokens(request, ["max_tokens"]) ?? defaultOutputTokens;
  const generations = readTexts(request, "prompt", promptsMax).map((text) => ({
    model,
    prompt: promptOf(text),
    choices: common.choices,
    maxTokens,
    sampling: common.sampling,
    stop: common.stop,
    ...(topLogprobs === undefined ? {} : { topLogprobs }),
  }));
  return { generations, stream: common.stream, includeUsage: common.includeUsage };
}

function promptOf(text: string | readonly number[]): Prompt {
  return typeof text === "string" ? { kind: "text", text } : { kind: "tokens", tokens: text };
}
