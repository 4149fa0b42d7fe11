import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { GatewayError } from "../errors.ts";
import { createRequestHeadFromBody, type Operation } from "./request-head.ts";

const head = (operation: Operation, body: unknown) =>
  createRequestHeadFromBody(operation, Buffer.from(JSON.stringify(body)));
const chat = { model: "m", messages: [] };

function faultOf(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    if (error instanceof GatewayError) return error.fault;
    throw error;
  }
  return "nothing was thrown";
}

describe("what the gateway reads of a body", () => {
  test("model, stream and the tokens that all choices may take", () => {
    expect(head("chat.completions", chat)).toEqual({ model: "m", stream: false, outputTokensMax: 0 });
    expect(head("chat.completions", { ...chat, stream: true, max_tokens: 7, n: 3 })).toEqual({
      model: "m",
      stream: true,
      outputTokensMax: 21,
    });
    expect(head("chat.completions", { ...chat, max_completion_tokens: 9, n: null }).outputTokensMax).toBe(9);
    expect(head("completions", { model: "m", prompt: ["a", "b"], max_tokens: 5, n: 2 }).outputTokensMax).toBe(20);
    expect(head("completions", { model: "m", prompt: [1, 2, 3], max_tokens: 5, best_of: 4 }).outputTokensMax).toBe(20);
    expect(head("completions", { model: "m", prompt: [[1], [2]], max_tokens: 5 }).outputTokensMax).toBe(10);
    expect(head("embeddings", { model: "m", input: "text", max_tokens: "ignored" }).outputTokensMax).toBe(0);
  });

  test("what would not fit 32 bits is the most that does", () => {
    expect(head("chat.completions", { ...chat, max_tokens: 4_294_967_295, n: 128 }).outputTokensMax).toBe(
      4_294_967_295,
    );
  });

  test("a member of a wrong kind is refused by its name", () => {
    const cases: [Operation, Record<string, unknown>, string][] = [
      ["chat.completions", { messages: [] }, "model"],
      ["chat.completions", { ...chat, model: "" }, "model"],
      ["chat.completions", { ...chat, model: "x".repeat(257) }, "model"],
      ["chat.completions", { ...chat, model: 5 }, "model"],
      ["chat.completions", { model: "m" }, "messages"],
      ["chat.completions", { ...chat, stream: "yes" }, "stream"],
      ["chat.completions", { ...chat, max_tokens: 0 }, "max_tokens"],
      ["chat.completions", { ...chat, max_tokens: 1.5 }, "max_tokens"],
      ["chat.completions", { ...chat, max_tokens: "5" }, "max_tokens"],
      ["chat.completions", { ...chat, max_tokens: 4_294_967_296 }, "max_tokens"],
      ["chat.completions", { ...chat, max_completion_tokens: -1 }, "max_completion_tokens"],
      ["chat.completions", { ...chat, max_completion_tokens: 1, max_tokens: 2 }, "max_tokens"],
      ["chat.completions", { ...chat, n: 0 }, "n"],
      ["chat.completions", { ...chat, n: 129 }, "n"],
      ["completions", { model: "m", best_of: 0 }, "best_of"],
      ["embeddings", { model: "m" }, "input"],
    ];
    for (const [operation, body, param] of cases) {
      expect([body, faultOf(() => head(operation, body))]).toMatchObject([body, { code: "INVALID_REQUEST", param }]);
    }
  });

  test("any bytes give a head or one of two faults", () => {
    const bodies = fc.oneof(
      fc.json().map((text) => Buffer.from(text)),
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    );
    fc.assert(
      fc.property(bodies, (body) => {
        const fault = faultOf(() => createRequestHeadFromBody("embeddings", body));
        if (fault !== "nothing was thrown")
          expect(["INVALID_JSON", "INVALID_REQUEST"]).toContain((fault as { code: string }).code);
      }),
    );
    for (const text of ["", "{", "[]", "null", "1", '"model"', "{'model': 'm'}"]) {
      const code = (faultOf(() => createRequestHeadFromBody("embeddings", Buffer.from(text))) as { code: string }).code;
      expect([text, /^INVALID_/.test(code)]).toEqual([text, true]);
    }
  });
});
