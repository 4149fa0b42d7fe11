import type { Constraint, GenerationRequest } from "../engine/generator.ts";
import { unsupportedParameter } from "./api-error.ts";
import { readMessages } from "./chat-messages.ts";
import { SchemaGrammar } from "./grammar/schema-grammar.ts";
import { readOutputTokens, refuseUnknown } from "./output-tokens.ts";
import { RequestReader } from "./request-reader.ts";
import { readCommonParameters } from "./sampling-parameters.ts";
import { toolConstraint } from "./tool-grammar.ts";
import { readTools } from "./tool-parameters.ts";

/** A chat request, checked and ready for the engine. */
export interface ChatRequest {
  readonly generation: GenerationRequest;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  /** The answer is read for tool calls. */
  readonly tools: boolean;
}

const known = [
  ...["model", "messages", "n", "temperature", "top_p", "seed", "stop", "stream", "stream_options"],
  ...["max_tokens", "max_completion_tokens", "frequency_penalty", "presence_penalty", "logit_bias"],
  ...["logprobs", "top_logprobs", "response_format", "tools", "tool_choice", "parallel_tool_calls", "modalities"],
  ...["functions", "function_call"],
];
/** Members that would change the answer in ways that no engine here knows. */
const refused = ["audio", "prediction", "web_search_options", "reasoning_effort", "verbosity", "moderation"];
const topLogprobsMax = 20;

/** Checks a chat request body; throws ApiError. `model` is the model as the engine calls it. */
export function readChatRequest(body: Record<string, unknown>, model: string): ChatRequest {
  const request = new RequestReader(body);
  for (const name of refused) {
    if (request.has(name)) throw unsupportedParameter(name, "is not supported by this model");
  }
  refuseUnknown(request, known);
  const modalities = request.array("modalities", 8);
  if (modalities?.some((modality) => modality !== "text")) throw unsupportedParameter("modalities", "other than text");
  const common = readCommonParameters(request);
  const messages = readMessages(request);
  const tools = readTools(request);
  const format = responseConstraint(request);
  if (tools !== undefined && format !== undefined) {
    throw unsupportedParameter("response_format", "can not be combined with 'tools'");
  }
  const topLogprobs = readLogprobs(request);
  if (tools !== undefined && topLogprobs !== undefined) {
    throw unsupportedParameter("logprobs", "can not be combined with 'tools'");
  }
  const maxTokens = readOutputTokens(request, ["max_completion_tokens", "max_tokens"]);
  const constraint = tools === undefined ? format : toolConstraint(tools);
  const generation: GenerationRequest = {
    model,
    prompt: { kind: "chat", messages, tools: tools?.tools ?? [] },
    choices: common.choices,
    sampling: common.sampling,
    stop: common.stop,
    ...(maxTokens === undefined ? {} : { maxTokens }),
    ...(topLogprobs === undefined ? {} : { topLogprobs }),
    ...(constraint === undefined ? {} : { constraint }),
  };
  return { generation, stream: common.stream, includeUsage: common.includeUsage, tools: tools !== undefined };
}

function readLogprobs(request: RequestReader): number | undefined {
  const wanted = request.boolean("logprobs") ?? false;
  const top = request.integer("top_logprobs", 0, topLogprobsMax);
  if (!wanted && top !== undefined) {
    throw request.invalid("top_logprobs", "only allowed when 'logprobs' is true.", "invalid_value");
  }
  return wanted ? (top ?? 0) : undefined;
}

function responseConstraint(request: RequestReader): Constraint | undefined {
  const format = request.object("response_format");
  if (format === undefined) return undefined;
  const type = format.required("type", format.oneOf("type", ["text", "json_object", "json_schema"]));
  if (type === "text") return undefined;
  const grammar = new SchemaGrammar("response_format");
  if (type === "json_object") return { grammar: grammar.gbnf.build(grammar.anyObject()) };
  const described = format.required("json_schema", format.object("json_schema"));
  described.required("name", described.string("name"));
  const schema = described.required("schema", described.raw("schema"));
  return { grammar: grammar.gbnf.build(grammar.add(schema)) };
}
