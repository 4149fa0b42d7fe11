import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { type AllInOne, startAllInOne } from "./network/all-in-one.ts";
import { installOpenaiPython } from "./network/openai-python.ts";

const python = await installOpenaiPython();

/** The second official client, with the default models: what the engine of the house writes is read by somebody else's parser. */
const suite = () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let network: AllInOne;
  let seen: Record<string, unknown>;

  beforeAll(async () => {
    if ("missing" in python) throw new Error(python.missing);
    folder = await temporaryFolder("koinon-python-");
    network = await startAllInOne(folder.path, []);
    seen = await python.ask(`${network.url}/v1`, network.apiKey);
  }, 300_000);
  afterAll(async () => {
    await network?.stop();
    await folder?.remove();
    if (!("missing" in python)) await python.remove();
  });

  test("gets a chat answer with usage and our headers", () => {
    expect(seen.chat).toEqual({
      content: expect.stringContaining("Paris"),
      finish: expect.stringMatching(/^(stop|length)$/),
      usage: {
        prompt_tokens: expect.any(Number),
        completion_tokens: expect.any(Number),
        total_tokens: expect.any(Number),
      },
      request_id: expect.stringMatching(/^req_[0-9a-f]{32}$/),
      manifest: expect.stringMatching(/^0x[0-9a-f]{64}$/),
    });
  });

  test("gets the same answer as a stream", () => {
    const { content, finish, usage } = seen.chat as { content: string; finish: string; usage: Record<string, number> };
    expect(seen.stream).toEqual({ content, finish, completion_tokens: usage.completion_tokens });
    expect(usage.total_tokens).toBe((usage.prompt_tokens ?? 0) + (usage.completion_tokens ?? 0));
  });

  test("gets a completion", () => {
    expect(seen.completion).toEqual({ text: expect.stringMatching(/\S/), completion_tokens: expect.any(Number) });
  });

  test("gets embeddings, in base64 as in floats", () => {
    const found = seen.embeddings as Record<"norm" | "base64_is_float" | "near" | "far", number>;
    expect(seen.embeddings).toMatchObject({ dimensions: [384, 384, 384] });
    expect(found.norm).toBeCloseTo(1, 4);
    expect(found.base64_is_float).toBeLessThan(1e-6);
    expect(found.near).toBeGreaterThan(found.far + 0.2);
  });

  test("lists and reads models", () => {
    expect(seen.models).toEqual({
      ids: ["all-minilm-l6-v2", "smollm2-135m-instruct"],
      one: "smollm2-135m-instruct",
    });
  });

  test("raises the class that belongs to each error", () => {
    const unknownModel = { class: "NotFoundError", status: 404, type: "model_not_found", code: "MODEL_UNKNOWN" };
    const aboveMax = {
      ...{ class: "BadRequestError", status: 400 },
      ...{ type: "invalid_request_error", code: "integer_above_max_value" },
    };
    expect(seen.errors).toEqual({
      "wrong key": {
        ...{ class: "AuthenticationError", status: 401 },
        ...{ type: "authentication_error", code: "INVALID_API_KEY", request_id: true },
      },
      "unknown model": { ...unknownModel, request_id: true },
      "bad parameter": { ...aboveMax, request_id: true },
      "bad parameter, stream": { ...aboveMax, request_id: true },
      "no such model to read": { ...unknownModel, request_id: true },
    });
  });
};

if ("missing" in python) describe.skip(`openai-python (skipped: ${python.missing})`, suite);
else describe("openai-python", suite);
