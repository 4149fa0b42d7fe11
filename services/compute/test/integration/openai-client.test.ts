import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { waitFor } from "@koinon/testkit/wait-for";
import OpenAI from "openai";
import { GeneratorAnswers } from "../../src/openai/generator-answers.ts";
import { startRandomEngine } from "../fixtures/engine-process.ts";
import { type OpenAiServer, startOpenAiServer } from "../fixtures/openai-server.ts";

// The official client against the real engine with random weights: shapes, framing and counts, not sense.
let engine: Awaited<ReturnType<typeof startRandomEngine>>;
let server: OpenAiServer;
let client: OpenAI;

const messages = [{ role: "user" as const, content: "hello" }];
const model = "random";

beforeAll(async () => {
  engine = await startRandomEngine();
  const answers = new GeneratorAnswers(engine.generator, { clock: { now: () => 1_700_000_000_000 } });
  server = await startOpenAiServer(answers, {});
  client = new OpenAI({ baseURL: server.baseUrl, apiKey: "none", maxRetries: 0 });
});

afterAll(async () => {
  await server.close();
  await engine.close();
});

describe("chat", () => {
  test("a whole answer", async () => {
    const answer = await client.chat.completions.create({ model, messages, max_tokens: 5, seed: 3, n: 2 });
    expect(answer).toMatchObject({
      object: "chat.completion",
      created: 1_700_000_000,
      model,
      id: expect.stringMatching(/^chatcmpl-/),
    });
    expect(answer.choices).toHaveLength(2);
    expect(answer.choices.map((choice) => choice.index)).toEqual([0, 1]);
    expect(answer.choices[0]?.message.role).toBe("assistant");
    expect(answer.usage?.completion_tokens).toBeLessThanOrEqual(10);
    expect(answer.usage?.total_tokens).toBe(
      (answer.usage?.prompt_tokens ?? 0) + (answer.usage?.completion_tokens ?? 0),
    );
  });

  test("the stream says the same as the whole answer, role first, finish last, usage only when asked", async () => {
    const request = { model, messages, max_tokens: 20, seed: 5, temperature: 1 };
    const whole = await client.chat.completions.create(request);
    for (const includeUsage of [false, true]) {
      const options = includeUsage ? { stream_options: { include_usage: true } } : {};
      const chunks = [];
      for await (const chunk of await client.chat.completions.create({ ...request, stream: true, ...options })) {
        chunks.push(chunk);
      }
      expect(chunks[0]?.choices[0]?.delta.role).toBe("assistant");
      const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("");
      expect(text).toBe(whole.choices[0]?.message.content);
      const reasons = chunks.flatMap((chunk) => chunk.choices.map((choice) => choice.finish_reason));
      expect(reasons.filter((reason) => reason !== null)).toEqual([whole.choices[0]?.finish_reason]);
      const usages = chunks.flatMap((chunk) => (chunk.usage ? [chunk.usage] : []));
      expect(usages).toEqual(includeUsage ? [whole.usage] : []);
    }
  });

  test("the same seed gives the same answer, another seed another", async () => {
    const ask = async (seed: number) => {
      const answer = await client.chat.completions.create({ model, messages, max_tokens: 30, seed, temperature: 1.5 });
      return answer.choices[0]?.message.content;
    };
    expect(await ask(11)).toBe(await ask(11));
    expect(await ask(11)).not.toBe(await ask(12));
  });

  test("a stop text ends the answer and is not shown", async () => {
    const request = { model, messages, max_tokens: 60, seed: 5, temperature: 1 };
    const whole = (await client.chat.completions.create(request)).choices[0]?.message.content ?? "";
    const stop = whole.slice(6, 9);
    const cut = await client.chat.completions.create({ ...request, stop });
    expect(cut.choices[0]?.message.content).toBe(whole.slice(0, whole.indexOf(stop)));
    expect(cut.choices[0]?.finish_reason).toBe("stop");
  });

  test("log-probabilities of each token, alternatives likeliest first", async () => {
    const answer = await client.chat.completions.create({
      ...{ model, messages, max_tokens: 4, temperature: 0, logprobs: true, top_logprobs: 3 },
    });
    const content = answer.choices[0]?.logprobs?.content ?? [];
    expect(content).toHaveLength(answer.usage?.completion_tokens ?? -1);
    for (const token of content) {
      expect(token.top_logprobs).toHaveLength(3);
      // Greedy: the token taken is the likeliest.
      expect(token.logprob).toBe(token.top_logprobs[0]?.logprob);
      expect(token.logprob).toBeLessThan(0);
    }
  });

  test("refusals arrive as the client's typed errors", async () => {
    const refused = (request: object) =>
      client.chat.completions.create({ model, messages, ...request } as never).then(
        () => undefined,
        (error: unknown) => error,
      );
    expect(await refused({ temperature: 3 })).toBeInstanceOf(OpenAI.BadRequestError);
    expect(await refused({ max_tokens: 5000 })).toMatchObject({ status: 400, code: "context_length_exceeded" });
    expect(await refused({ messages: [{ role: "user", content: "x".repeat(2500) }] })).toMatchObject({
      code: "context_length_exceeded",
    });
    expect(await refused({ messages: [] })).toMatchObject({ param: "messages" });
    expect(await refused({ surprise: 1 })).toMatchObject({ param: "surprise", code: "unknown_parameter" });
    expect(await refused({ stream: true, max_tokens: 5000 })).toMatchObject({ code: "context_length_exceeded" });
  });
});

describe("tools and schemas", () => {
  const tools = [
    {
      type: "function" as const,
      function: {
        name: "weather",
        parameters: {
          type: "object",
          properties: { city: { enum: ["Athens", "Bern"] }, days: { type: "integer", minimum: 1, maximum: 9 } },
          required: ["city", "days"],
          additionalProperties: false,
        },
      },
    },
  ];
  const request = {
    model,
    messages,
    tools,
    max_tokens: 200,
    seed: 1,
    tool_choice: "required" as const,
    parallel_tool_calls: false,
  };

  test("a forced call has valid arguments, whole and streamed", async () => {
    const answer = await client.chat.completions.create(request);
    const [choice] = answer.choices;
    expect(choice?.finish_reason).toBe("tool_calls");
    expect(choice?.message.content).toBeNull();
    const [call] = choice?.message.tool_calls ?? [];
    if (call?.type !== "function") throw new Error("no function call");
    expect(call.function.name).toBe("weather");
    const given = JSON.parse(call.function.arguments) as { city: string; days: number };
    expect(["Athens", "Bern"]).toContain(given.city);
    expect(given.days).toBeGreaterThanOrEqual(1);
    const streamed = await client.chat.completions.stream(request).finalChatCompletion();
    expect(streamed.choices[0]?.message.tool_calls?.[0]).toMatchObject({
      type: "function",
      function: { name: "weather", arguments: call.function.arguments },
    });
  });

  test("a model that may choose: text passes as text, and what begins as a call is held to the form of one", async () => {
    let calls = 0;
    for (let seed = 1; seed <= 6; seed++) {
      const answer = await client.chat.completions.create({
        ...request,
        tool_choice: "auto",
        seed,
        temperature: 1.5,
        max_tokens: 120,
      });
      const [choice] = answer.choices;
      for (const call of choice?.message.tool_calls ?? []) {
        calls++;
        if (call.type === "function" && choice?.finish_reason === "tool_calls") JSON.parse(call.function.arguments);
      }
      if (choice?.message.tool_calls === undefined) expect(choice?.message.content).not.toMatch(/^<tool_call>/);
    }
    // Random weights hardly ever begin one by chance.
    expect(calls).toBeLessThanOrEqual(6);
  });

  test("a schema that the grammar can not hold is refused by place", async () => {
    const schema = { type: "object", properties: { a: { type: "string", pattern: "^x" } } };
    const asked = client.chat.completions.create({
      ...{ model, messages, response_format: { type: "json_schema", json_schema: { name: "t", schema } } },
    });
    await expect(asked).rejects.toMatchObject({ status: 400, code: "invalid_json_schema", param: "response_format" });
    await expect(asked).rejects.toThrow("#/properties/a");
  });
});

describe("completions", () => {
  test("several prompts, choices numbered through, and the stream says the same", async () => {
    const request = { model, prompt: ["one", "two"], n: 2, max_tokens: 6, seed: 9, temperature: 1 };
    const whole = await client.completions.create(request);
    expect(whole.choices.map((choice) => choice.index)).toEqual([0, 1, 2, 3]);
    const texts = ["", "", "", ""];
    for await (const chunk of await client.completions.create({ ...request, stream: true })) {
      for (const choice of chunk.choices) texts[choice.index] += choice.text;
    }
    expect(texts).toEqual(whole.choices.map((choice) => choice.text));
  });

  test("tokens as prompt, and log-probabilities in parallel lists", async () => {
    const answer = await client.completions.create({
      model,
      prompt: [10, 11],
      max_tokens: 3,
      logprobs: 2,
      temperature: 0,
    });
    const logprobs = answer.choices[0]?.logprobs;
    expect(logprobs?.tokens).toHaveLength(answer.usage?.completion_tokens ?? -1);
    expect(logprobs?.token_logprobs).toHaveLength(logprobs?.tokens?.length ?? -1);
    await expect(client.completions.create({ model, prompt: [9999] })).rejects.toMatchObject({ status: 400 });
  });
});

test("a client that leaves stops the engine", async () => {
  const leaving = new AbortController();
  const stream = await client.chat.completions.create(
    { model, messages, max_tokens: 1_500, seed: 2, temperature: 1, logit_bias: {}, stream: true },
    { signal: leaving.signal },
  );
  for await (const _ of stream) break;
  leaving.abort();
  const idle = async () => {
    await engine.generator.refresh(AbortSignal.timeout(1_000));
    return engine.generator.health().active === 0;
  };
  await waitFor(idle, { deadlineMs: 10_000, what: "the engine to stop decoding" });
});
