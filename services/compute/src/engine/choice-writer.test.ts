import { expect, test } from "@jest/globals";
import { ChoiceWriter } from "./choice-writer.ts";
import type { GenerationEvent, TokenLogprob } from "./generator.ts";

const logprob = (token: string): TokenLogprob => ({ token, logprob: -1, bytes: null, top: [] });

function write(texts: readonly string[], stops: readonly string[], lastText = ""): GenerationEvent[] {
  const writer = new ChoiceWriter(3, stops);
  const events: (GenerationEvent | undefined)[] = [];
  for (const text of texts) {
    events.push(writer.push(text, logprob(text)));
    if (writer.stopped) break;
  }
  return [
    ...events.filter((event) => event !== undefined),
    ...writer.finish(writer.stopped ? "stop" : "length", lastText),
  ];
}

const said = (events: GenerationEvent[]) =>
  events.map((event) =>
    event.type === "delta" ? [event.text, event.tokens, event.logprobs.map(({ token }) => token)] : event,
  );

test("each token's probability goes with its text, and every token is counted once", () => {
  expect(said(write(["a", "", "bc"], []))).toEqual([
    ["a", 1, ["a"]],
    ["bc", 2, ["", "bc"]],
    { type: "finished", choice: 3, reason: "length", tokens: 0 },
  ]);
});

test("text held back for a stop text comes out with its tokens when the stop text does not come", () => {
  expect(said(write(["x", "ST", "Y"], ["STOP"]))).toEqual([
    ["x", 1, ["x"]],
    ["STY", 2, ["ST", "Y"]],
    { type: "finished", choice: 3, reason: "length", tokens: 0 },
  ]);
  expect(said(write(["ST"], ["STOP"]))).toEqual([
    ["ST", 1, ["ST"]],
    { type: "finished", choice: 3, reason: "length", tokens: 0 },
  ]);
});

test("tokens of a stop text are counted, not shown", () => {
  expect(said(write(["x", "ST", "OP", "never"], ["STOP"]))).toEqual([
    ["x", 1, ["x"]],
    { type: "finished", choice: 3, reason: "stop", tokens: 2 },
  ]);
});

test("characters that never became whole are shown at the end", () => {
  expect(said(write(["", ""], [], "\uFFFD"))).toEqual([
    ["\uFFFD", 2, ["", ""]],
    { type: "finished", choice: 3, reason: "length", tokens: 0 },
  ]);
});
