import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { startTestPostgres, type TestPostgres } from "@koinon/testkit/postgres";
import OpenAI from "openai";
import { type RunningGateway, startGateway } from "../fixture/start-gateway.ts";
import { TestFault } from "../fixture/test-fault.ts";

let postgres: TestPostgres;
let running: RunningGateway;

beforeAll(async () => {
  postgres = await startTestPostgres();
  running = await startGateway(postgres, { env: { GATEWAY_RETRY_MS: "0" } });
});
afterAll(async () => {
  await running.stop();
  await postgres.stop();
});
afterEach(() => {
  running.market.behaviour = (request) => running.market.answer(request);
});

const client = (apiKey = running.adminKey, maxRetries = 0) =>
  new OpenAI({ apiKey, baseURL: `${running.url}/v1`, maxRetries });
const ask = { model: "test-model", messages: [{ role: "user" as const, content: "hi" }] };

function refuse(fault: TestFault): void {
  running.market.behaviour = async function* () {
    yield* [];
    throw fault;
  };
}

async function thrownBy(work: () => Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  try {
    await work();
  } catch (error) {
    if (error instanceof OpenAI.APIError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("the official client", () => {
  test("reads answers, streams, models and embeddings", async () => {
    const completion = {
      id: "c1",
      object: "chat.completion",
      created: 1,
      model: "test-model",
      choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: "hallo" } }],
    };
    running.market.behaviour = (request) => running.market.answer(request, [JSON.stringify(completion)]);
    const { data, request_id } = await client().chat.completions.create(ask).withResponse();
    expect(data.choices[0]?.message.content).toBe("hallo");
    expect(request_id).toMatch(/^req_[0-9a-f]{32}$/);

    const event = (content: string) =>
      `data: ${JSON.stringify({ id: "c2", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta: { content } }] })}\n\n`;
    running.market.behaviour = (request) =>
      running.market.answer(request, [event("ha"), event("llo"), "data: [DONE]\n\n"], "text/event-stream");
    const words: string[] = [];
    for await (const part of await client().chat.completions.create({ ...ask, stream: true })) {
      words.push(part.choices[0]?.delta.content ?? "");
    }
    expect(words).toEqual(["ha", "llo"]);

    const models = [];
    for await (const model of client().models.list()) models.push(model.id);
    expect(models).toEqual(["test-model"]);
    expect((await client().models.retrieve("test-model")).owned_by).toBe("koinon");

    running.market.behaviour = (request) =>
      running.market.answer(request, [
        JSON.stringify({
          object: "list",
          data: [{ object: "embedding", index: 0, embedding: [0.5, 1] }],
          model: "m",
          usage: { prompt_tokens: 1, total_tokens: 1 },
        }),
      ]);
    const embedding = await client().embeddings.create({ model: "m", input: "x", encoding_format: "float" });
    expect(embedding.data[0]?.embedding).toEqual([0.5, 1]);
  });

  test.each([
    ["INSUFFICIENT_FUNDS", OpenAI.APIError, 402, "insufficient_quota"],
    ["MODEL_UNKNOWN", OpenAI.NotFoundError, 404, "model_not_found"],
    ["NO_PROVIDER_ALLOWED", OpenAI.BadRequestError, 400, "invalid_request_error"],
    ["NO_PROVIDER_AVAILABLE", OpenAI.InternalServerError, 503, "overloaded_error"],
    ["MARKET_OVERLOADED", OpenAI.InternalServerError, 503, "overloaded_error"],
    ["REQUEST_ALREADY_SEEN", OpenAI.ConflictError, 409, "conflict_error"],
    ["PROVIDERS_FAILED", OpenAI.InternalServerError, 502, "upstream_error"],
    ["ACCOUNT_UNKNOWN", OpenAI.NotFoundError, 404, "not_found_error"],
  ] as const)("throws its own class for %s", async (code, errorClass, status, type) => {
    refuse(new TestFault(code, { needed: "120", available: "20" }));
    for (const stream of [false, true]) {
      const error = await thrownBy(() => client().chat.completions.create({ ...ask, stream }));
      expect(error).toBeInstanceOf(errorClass);
      expect(error).toMatchObject({ status, code, type });
      expect(error.requestID).toMatch(/^req_[0-9a-f]{32}$/);
      if (status === 402) expect(error.message).toContain("needed: 120, available: 20");
    }
  });

  test("throws its own classes for the edge's refusals", async () => {
    const plain = client((await newKey({ scopes: ["receipts"] })).key);
    expect(await thrownBy(() => plain.chat.completions.create(ask))).toBeInstanceOf(OpenAI.PermissionDeniedError);
    expect(await thrownBy(() => client("sk-koinon-wrong").models.list())).toBeInstanceOf(OpenAI.AuthenticationError);
    const bad = await thrownBy(() => client().chat.completions.create({ ...ask, max_tokens: -1 }));
    expect(bad).toBeInstanceOf(OpenAI.BadRequestError);
    expect(bad).toMatchObject({ param: "max_tokens", code: "INVALID_REQUEST" });
    const limited = client((await newKey({ requests_per_minute: 1 })).key);
    await limited.chat.completions.create(ask);
    const error = await thrownBy(() => limited.chat.completions.create(ask));
    expect(error).toBeInstanceOf(OpenAI.RateLimitError);
    expect(error).toMatchObject({ status: 429, code: "RATE_LIMITED", type: "rate_limit_error" });
    expect(Number(error.headers?.get("retry-after"))).toBeGreaterThan(50);
    expect(error.headers?.get("x-ratelimit-limit-requests")).toBe("1");
    expect(error.headers?.get("x-ratelimit-remaining-requests")).toBe("0");
  });

  test("throws when a stream breaks, and does not take it for an end", async () => {
    running.market.behaviour = async function* () {
      yield running.market.head("text/event-stream");
      yield { part: { $case: "chunk", value: Buffer.from('data: {"choices":[{"delta":{"content":"ha"}}]}\n\n') } };
      throw new TestFault("ANSWER_BROKEN");
    };
    const words: string[] = [];
    const error = await thrownBy(async () => {
      for await (const part of await client().chat.completions.create({ ...ask, stream: true })) {
        words.push(part.choices[0]?.delta.content ?? "");
      }
    });
    expect(words).toEqual(["ha"]);
    expect(error).toMatchObject({ code: "ANSWER_BROKEN", type: "upstream_error" });
  });

  test("does not repeat what stays refused, and does repeat what may pass", async () => {
    let calls = 0;
    const failing = (code: "REQUEST_ALREADY_SEEN" | "PROVIDERS_FAILED") => {
      running.market.behaviour = async function* (request) {
        calls += 1;
        if (calls === 1 || code === "REQUEST_ALREADY_SEEN") throw new TestFault(code);
        yield* running.market.answer(request);
      };
    };
    failing("REQUEST_ALREADY_SEEN");
    await thrownBy(() => client(running.adminKey, 2).chat.completions.create(ask));
    expect(calls).toBe(1);
    calls = 0;
    failing("PROVIDERS_FAILED");
    await client(running.adminKey, 2).chat.completions.create(ask);
    expect(calls).toBe(2);
  });

  test("an idempotency key makes every repetition the same request to the market", async () => {
    const ids: string[] = [];
    running.market.behaviour = async function* (request) {
      const id = Buffer.from(request.requestId).toString("hex");
      if (ids.includes(id)) throw new TestFault("REQUEST_ALREADY_SEEN");
      ids.push(id);
      yield* running.market.answer(request);
    };
    const options = { headers: { "idempotency-key": "pay once" } };
    const { response } = await client().chat.completions.create(ask, options).withResponse();
    const error = await thrownBy(() => client().chat.completions.create(ask, options));
    expect(error).toBeInstanceOf(OpenAI.ConflictError);
    expect(error.requestID).toBe(response.headers.get("x-request-id"));
    const other = client((await newKey({})).key);
    await other.chat.completions.create(ask, options);
    expect(ids).toHaveLength(2);
  });
});

async function newKey(body: object): Promise<{ key: string }> {
  const response = await running.call("POST", "/v1/keys", { body: { name: "client", budget: "1000", ...body } });
  return (await response.json()) as { key: string };
}
