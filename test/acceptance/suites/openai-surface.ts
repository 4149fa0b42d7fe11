import { describe, expect, test } from "@jest/globals";
import { APIError, AuthenticationError, NotFoundError } from "openai";
import { api, chat, openaiClient } from "../network/client.ts";
import type { Network } from "../network/network.ts";
import { upstreamModel } from "../network/upstream.ts";

/** What an application that knows nothing of Koinon sees. */
export function openaiSurface(network: () => Network): void {
  describe("the official OpenAI client", () => {
    const messages = [{ role: "user" as const, content: "say 5" }];

    test("gets an answer with usage", async () => {
      const answer = await openaiClient(network()).chat.completions.create({ model: upstreamModel, messages });
      expect(answer.choices[0]?.message.content).toBe("word1 word2 word3 word4 word5");
      expect(answer.usage?.completion_tokens).toBe(5);
    });

    test("streams, with usage when it asks", async () => {
      const stream = await openaiClient(network()).chat.completions.create({
        model: upstreamModel,
        messages,
        stream: true,
        stream_options: { include_usage: true },
      });
      let text = "";
      let completionTokens: number | undefined;
      for await (const chunk of stream) {
        text += chunk.choices[0]?.delta.content ?? "";
        completionTokens = chunk.usage?.completion_tokens ?? completionTokens;
      }
      expect(text).toBe("word1 word2 word3 word4 word5 ");
      expect(completionTokens).toBe(5);
    });

    test("streams without a usage chunk when it does not ask", async () => {
      const { responseBytes } = await chat(network(), "say 2", { extra: { stream: true } });
      expect(responseBytes.toString("utf8")).not.toContain('"prompt_tokens"');
      expect(responseBytes.toString("utf8").endsWith("data: [DONE]\n\n")).toBe(true);
    });

    test("lists models with prices per provider", async () => {
      const { body } = await api<{
        data: { id: string; koinon: { offers: { provider: string; input_price: string }[] } }[];
      }>(network(), "/v1/models");
      const model = body.data.find(({ id }) => id === upstreamModel);
      expect(model?.koinon.offers.length).toBeGreaterThanOrEqual(3);
      expect(new Set(model?.koinon.offers.map(({ provider }) => provider)).size).toBe(model?.koinon.offers.length);
      for (const offer of model?.koinon.offers ?? []) expect(offer.input_price).toMatch(/^\d+$/);
    });

    test("gets typed errors: wrong key, unknown model, refused request, malformed body", async () => {
      const attempt = (promise: Promise<unknown>) =>
        promise.then(
          () => undefined,
          (error: unknown) => error,
        );
      const wrongKey = openaiClient(network(), "sk-koinon-wrong");
      expect(await attempt(wrongKey.chat.completions.create({ model: upstreamModel, messages }))).toBeInstanceOf(
        AuthenticationError,
      );
      const client = openaiClient(network());
      expect(await attempt(client.chat.completions.create({ model: "no-such-model", messages }))).toBeInstanceOf(
        NotFoundError,
      );
      const refused = await attempt(
        client.chat.completions.create({ model: upstreamModel, messages: [{ role: "user", content: "refuse" }] }),
      );
      expect(refused).toBeInstanceOf(APIError);
      expect((refused as APIError).status).toBe(400);
      const malformed = await api<{ error: { type: string } }>(network(), "/v1/chat/completions", {
        body: { messages: "no" },
      });
      expect([malformed.status, malformed.body.error.type]).toEqual([400, "invalid_request_error"]);
    });
  });
}
