import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { CompletionReader, readAnswer } from "./completion-reader.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const event = (value: unknown): string => `data: ${typeof value === "string" ? value : JSON.stringify(value)}\n\n`;
const delta = (content: string): unknown => ({ choices: [{ index: 0, delta: { content }, finish_reason: null }] });
const finish = { choices: [{ index: 0, delta: {}, finish_reason: "stop" }] };
const usage = { choices: [], usage: { prompt_tokens: 12, completion_tokens: 3, total_tokens: 15 } };

describe("reading an answer", () => {
  test("a whole stream", () => {
    const stream = [delta("Hel"), delta("lo"), finish, usage, "[DONE]"].map(event).join("");
    expect(readAnswer(bytesOf(stream))).toEqual({
      text: "Hello",
      reasoning: "",
      finishReason: "stop",
      usage: { inputUnits: 12, outputUnits: 3 },
      isDone: true,
      error: null,
    });
  });

  test("without the end marker it is not done, whatever the finish reason says", () => {
    expect(readAnswer(bytesOf([delta("Hello"), finish].map(event).join(""))).isDone).toBe(false);
  });

  test("an error event ends the answer, and nothing after it counts", () => {
    const stream = [delta("Hel"), { error: { message: "broke off", code: "UPSTREAM_BROKEN" } }, delta("lo"), "[DONE]"];
    const reading = readAnswer(bytesOf(stream.map(event).join("")));
    expect(reading).toMatchObject({ text: "Hel", isDone: false, error: "broke off" });
  });

  test("nothing after the end marker counts", () => {
    expect(readAnswer(bytesOf([delta("a"), "[DONE]", delta("b")].map(event).join(""))).text).toBe("a");
  });

  test.each(["{", "7", "null", "[]"])("an event %p is an error", (text) => {
    expect(readAnswer(bytesOf(event(text))).error).not.toBeNull();
  });

  test("members of other shapes are left out", () => {
    const odd = [
      {},
      { choices: null },
      { choices: [7] },
      { choices: [{ delta: { content: 7 } }] },
      { usage: { prompt_tokens: "x" } },
    ];
    expect(readAnswer(bytesOf(odd.map(event).join("")))).toMatchObject({ text: "", usage: null, error: null });
  });

  test("any text arrives as it was written, however the bytes are cut", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme" })), fc.integer({ min: 1, max: 40 }), (parts, size) => {
        const bytes = bytesOf([...parts.map(delta), finish, "[DONE]"].map(event).join(""));
        const reader = new CompletionReader();
        for (let at = 0; at < bytes.length; at += size) reader.feed(bytes.subarray(at, at + size));
        expect(reader.reading).toMatchObject({ text: parts.join(""), isDone: true });
      }),
    );
  });
});
