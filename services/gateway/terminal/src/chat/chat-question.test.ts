import { describe, expect, test } from "@jest/globals";
import type { Model, ProviderState } from "../gateway/offers.ts";
import { chooseModel, expectUsage, prepareQuestion } from "./chat-question.ts";
import { chatSettingsFromStored, defaultChatSettings } from "./chat-settings.ts";

const model = (id: string, state: ProviderState | null, kind: Model["kind"] = "chat"): Model => ({
  id,
  kind,
  manifest: "0x",
  contextTokens: 2048,
  licence: "MIT",
  offers:
    state === null
      ? []
      : [
          {
            provider: "0xa",
            providerName: "A",
            region: "eu",
            state,
            priceId: "0x",
            validUntil: 0,
            inputPrice: 1n,
            outputPrice: 1n,
            requestPrice: 0n,
          },
        ],
});

describe("the model that is asked", () => {
  const [gone, busy, good, vectors] = [
    model("gone", null),
    model("busy", "failing"),
    model("good", "healthy"),
    model("vectors", "healthy", "embedding"),
  ];

  test.each([
    ["the one that was chosen", [good, busy], "busy", "busy"],
    ["else the first that somebody healthy offers", [vectors, gone, busy, good], null, "good"],
    ["also when the chosen one is not on offer", [busy, good], "elsewhere", "good"],
    ["else any that can chat", [vectors, gone, busy], null, "gone"],
    ["never one that can not", [vectors], "vectors", undefined],
    ["or none", [], null, undefined],
  ])("is %s", (_name, models, wanted, id) => expect(chooseModel(models, wanted)?.id).toBe(id));
});

describe("a question", () => {
  const read = (body: Uint8Array): Record<string, unknown> =>
    JSON.parse(new TextDecoder().decode(body)) as Record<string, unknown>;

  test("asks for what was expected, and leaves half of the context to the question", () => {
    const settings = { ...defaultChatSettings, tokensMax: 9_000, system: "Be brief." };
    const good = model("good", "healthy");
    const { body, headers } = prepareQuestion(good, settings, "Hello", []);
    expect(read(body)).toMatchObject({
      model: "good",
      max_tokens: 1024,
      messages: [{ role: "system" }, { role: "user", content: "Hello" }],
    });
    expect(headers).toEqual({ "x-koinon-prefer": "price" });
    expect(expectUsage(good, settings, "Hello", []).outputUnitsMax).toBe(1024);
  });

  test("says how many turns it left out", () => {
    const history = Array.from({ length: 50 }, () => ({ prompt: "x".repeat(200), answer: "y".repeat(200) }));
    const { turnsLeftOut, body } = prepareQuestion(model("good", "healthy"), defaultChatSettings, "Hello", history);
    expect(turnsLeftOut).toBeGreaterThan(0);
    expect((read(body).messages as unknown[]).length).toBe(2 * (50 - turnsLeftOut) + 1);
  });
});

describe("stored settings", () => {
  test("are read back, and anything odd is the default", () => {
    const settings = { ...defaultChatSettings, model: "m", system: "s", tokensMax: 77, temperature: 0 };
    expect(chatSettingsFromStored(JSON.stringify(settings))).toEqual(settings);
    for (const odd of [null, "", "{", "7", "[]", '{"tokensMax":-1,"temperature":9,"model":7}']) {
      expect(chatSettingsFromStored(odd)).toEqual(defaultChatSettings);
    }
  });
});
