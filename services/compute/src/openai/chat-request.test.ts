import { describe, expect, test } from "@jest/globals";
import { ApiError } from "./api-error.ts";
import { readChatRequest } from "./chat-request.ts";
import { readCompletionRequest } from "./completion-request.ts";
import { readEmbeddingRequest } from "./embedding-request.ts";
import { parseRequestBody } from "./request-reader.ts";

const messages = [{ role: "user", content: "hi" }];
const read = (request: object) => readChatRequest({ model: "m", messages, ...request }, "m");

function refusal(work: () => unknown): { status?: number; param?: string | null; code?: string | null } {
  try {
    work();
  } catch (error) {
    if (error instanceof ApiError) return error.body;
    throw error;
  }
  return {};
}

describe("a chat request", () => {
  test("takes OpenAI's defaults, and null for absent", () => {
    const { generation, stream, includeUsage, tools } = read({ temperature: null, stop: null, n: null, tools: null });
    expect({ stream, includeUsage, tools }).toEqual({ stream: false, includeUsage: false, tools: false });
    expect(generation).toEqual({
      ...{ model: "m", choices: 1, stop: [] },
      prompt: { kind: "chat", messages, tools: [] },
      sampling: { frequencyPenalty: 0, presencePenalty: 0 },
    });
  });

  test("reads every kind of message", () => {
    const { prompt } = read({
      messages: [
        {
          role: "developer",
          content: [
            { type: "text", text: "be " },
            { type: "text", text: "brief" },
          ],
        },
        { role: "user", content: "hi", name: "ann" },
        {
          role: "assistant",
          content: null,
          tool_calls: [{ id: "c1", type: "function", function: { name: "f", arguments: "{}" } }],
        },
        { role: "tool", content: "42", tool_call_id: "c1" },
      ],
    }).generation;
    expect(prompt).toEqual({
      ...{ kind: "chat", tools: [] },
      messages: [
        { role: "system", content: "be brief" },
        { role: "user", content: "hi", name: "ann" },
        { role: "assistant", content: "", tool_calls: [{ id: "c1", name: "f", arguments: "{}" }] },
        { role: "tool", content: "42", tool_call_id: "c1" },
      ],
    });
  });

  test("takes either name for the bound on tokens, and seeds of any sign", () => {
    expect(read({ max_tokens: 5 }).generation.maxTokens).toBe(5);
    expect(read({ max_completion_tokens: 6, max_tokens: 6 }).generation.maxTokens).toBe(6);
    expect(read({ seed: -1 }).generation.sampling.seed).toBe(2 ** 32 - 1);
  });

  test("is refused at the member that is wrong", () => {
    const tool = { type: "function", function: { name: "f" } };
    const cases: [object, string, string | null][] = [
      [{ model: undefined }, "model", "missing_required_parameter"],
      [{ model: 5 }, "model", "invalid_type"],
      [{ messages: "hi" }, "messages", "invalid_type"],
      [{ messages: [{ role: "robot", content: "x" }] }, "messages[0].role", "invalid_value"],
      [{ messages: [{ role: "user" }] }, "messages[0].content", "missing_required_parameter"],
      [
        { messages: [{ role: "user", content: [{ type: "image_url" }] }] },
        "messages[0].content[0].type",
        "unsupported_parameter",
      ],
      [{ messages: [{ role: "tool", content: "x" }] }, "messages[0].tool_call_id", "missing_required_parameter"],
      [{ temperature: 2.1 }, "temperature", "integer_above_max_value"],
      [{ temperature: "1" }, "temperature", "invalid_type"],
      [{ top_p: -0.1 }, "top_p", "integer_below_min_value"],
      [{ n: 0 }, "n", "integer_below_min_value"],
      [{ n: 1.5 }, "n", "invalid_type"],
      [{ max_tokens: 0 }, "max_tokens", "integer_below_min_value"],
      [{ max_tokens: 1, max_completion_tokens: 2 }, "max_tokens", "invalid_value"],
      [{ stop: [""] }, "stop", "invalid_value"],
      [{ stop: Array.from({ length: 17 }, () => "x") }, "stop", "array_above_max_length"],
      [{ stream_options: { include_usage: true } }, "stream_options", "invalid_value"],
      [{ top_logprobs: 2 }, "top_logprobs", "invalid_value"],
      [{ logprobs: true, top_logprobs: 21 }, "top_logprobs", "integer_above_max_value"],
      [{ logit_bias: { 5: 1 } }, "logit_bias", "unsupported_parameter"],
      [{ audio: {} }, "audio", "unsupported_parameter"],
      [{ modalities: ["audio"] }, "modalities", "unsupported_parameter"],
      [{ functions: [] }, "functions", "unsupported_parameter"],
      [{ temprature: 1 }, "temprature", "unknown_parameter"],
      [{ response_format: { type: "xml" } }, "response_format.type", "invalid_value"],
      [
        { response_format: { type: "json_schema", json_schema: { name: "x" } } },
        "response_format.json_schema.schema",
        "missing_required_parameter",
      ],
      [{ tools: [tool, tool] }, "tools", "invalid_value"],
      [{ tools: [{ type: "function", function: { name: "a b" } }] }, "tools[0].function.name", "invalid_value"],
      [
        { tools: [{ type: "function", function: { name: "f", parameters: { type: "array" } } }] },
        "tools",
        "invalid_function_parameters",
      ],
      [{ tool_choice: "required" }, "tool_choice", "invalid_value"],
      [
        { tools: [tool], tool_choice: { type: "function", function: { name: "g" } } },
        "tool_choice.function.name",
        "invalid_value",
      ],
      [{ tools: [tool], response_format: { type: "json_object" } }, "response_format", "unsupported_parameter"],
    ];
    for (const [request, param, code] of cases) {
      expect([request, refusal(() => read(request))]).toMatchObject([request, { status: 400, param, code }]);
    }
  });

  test("tools not to be called are not shown to the model; a named one is the only one", () => {
    const tools = ["f", "g"].map((name) => ({ type: "function", function: { name } }));
    const shown = (choice: unknown) => {
      const { generation } = read({ tools, tool_choice: choice });
      const names = generation.prompt.kind === "chat" ? generation.prompt.tools.map(({ name }) => name) : [];
      return [names, generation.constraint?.trigger, generation.constraint !== undefined];
    };
    expect(shown("none")).toEqual([[], undefined, false]);
    expect(shown("auto")).toEqual([["f", "g"], "<tool_call>", true]);
    expect(shown("required")).toEqual([["f", "g"], undefined, true]);
    expect(shown({ type: "function", function: { name: "g" } })).toEqual([["g"], undefined, true]);
  });
});

test("other bodies: not JSON, not an object, completions and embeddings", () => {
  expect(refusal(() => parseRequestBody(Buffer.from("{")))).toMatchObject({ status: 400, code: "invalid_json" });
  expect(refusal(() => parseRequestBody(Buffer.from("[]")))).toMatchObject({ status: 400, param: null });
  const completion = (request: object) => readCompletionRequest({ model: "m", prompt: "x", ...request }, "m");
  expect(completion({}).generations[0]).toMatchObject({ maxTokens: 16, prompt: { kind: "text", text: "x" } });
  expect(completion({ prompt: [[1, 2], [3]] }).generations.map(({ prompt }) => prompt)).toEqual([
    { kind: "tokens", tokens: [1, 2] },
    { kind: "tokens", tokens: [3] },
  ]);
  for (const request of [
    { prompt: [] },
    { prompt: [{}] },
    { prompt: [1.5] },
    { echo: true },
    { suffix: "x" },
    { best_of: 3 },
    { logprobs: 6 },
  ]) {
    expect([request, refusal(() => completion(request)).status]).toEqual([request, 400]);
  }
  const embedding = (request: object) => readEmbeddingRequest({ model: "m", input: "x", ...request });
  expect(embedding({ input: ["a", "b"], encoding_format: "base64" })).toEqual({
    inputs: ["a", "b"],
    format: "base64",
    dimensions: undefined,
  });
  for (const request of [
    { input: "" },
    { input: [] },
    { input: null },
    { encoding_format: "hex" },
    { dimensions: 0 },
  ]) {
    expect([request, refusal(() => embedding(request)).status]).toEqual([request, 400]);
  }
});
