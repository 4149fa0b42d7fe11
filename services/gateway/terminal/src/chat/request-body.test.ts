import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { encodeRequest, estimateTokens, fitMessages, promptOfRequest } from "./request-body.ts";

const settings = { model: "m", system: "", tokensMax: 10, temperature: null };

describe("request", () => {
  test("asks for a stream with its usage, and leaves out what was not chosen", () => {
    const { messages } = fitMessages("", [], "hi", 100);
    expect(JSON.parse(new TextDecoder().decode(encodeRequest(settings, messages)))).toEqual({
      model: "m",
      messages: [{ role: "user", content: "hi" }],
      max_tokens: 10,
      stream: true,
      stream_options: { include_usage: true },
    });
    expect(new TextDecoder().decode(encodeRequest({ ...settings, temperature: 0 }, messages))).toContain(
      '"temperature":0',
    );
  });

  test("roles alternate, the latest turns come along, and nothing is ever sent twice", () => {
    const turn = fc.record({ prompt: fc.string({ minLength: 1 }), answer: fc.string() });
    fc.assert(
      fc.property(fc.array(turn), fc.nat(300), fc.string(), (history, tokensMax, system) => {
        const { messages, tokens, turnsLeftOut } = fitMessages(system, history, "last", tokensMax);
        const own = system === "" ? 0 : 1;
        expect(messages.length).toBe(own + 2 * (history.length - turnsLeftOut) + 1);
        expect(messages.at(-1)).toEqual({ role: "user", content: "last" });
        const kept = history.slice(turnsLeftOut).flatMap(({ prompt, answer }) => [prompt, answer]);
        expect(messages.slice(own, -1).map(({ content }) => content)).toEqual(kept);
        for (const [index, { role }] of messages.slice(own).entries()) {
          expect([index, role]).toEqual([index, index % 2 === 0 ? "user" : "assistant"]);
        }
        if (turnsLeftOut < history.length) expect(tokens).toBeLessThanOrEqual(tokensMax);
      }),
    );
  });

  test("the prompt is found again in the bytes", () => {
    fc.assert(
      fc.property(fc.string(), (prompt) => {
        const { messages } = fitMessages("be kind", [{ prompt: "a", answer: "b" }], prompt, 10_000);
        expect(promptOfRequest(encodeRequest(settings, messages))).toBe(prompt);
      }),
    );
    expect(promptOfRequest(new Uint8Array([1, 2]))).toBeNull();
  });

  test("more text is never fewer tokens", () => {
    fc.assert(fc.property(fc.string(), fc.string(), (a, b) => estimateTokens(a + b) >= estimateTokens(a)));
  });
});
