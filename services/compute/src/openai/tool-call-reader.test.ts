import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { ToolCallReader, type ToolPiece } from "./tool-call-reader.ts";

function read(pieces: readonly string[]): { content: string; calls: { name: string; arguments: string }[] } {
  const reader = new ToolCallReader();
  const found: ToolPiece[] = [...pieces.flatMap((piece) => reader.push(piece)), ...reader.flush()];
  const calls: { name: string; arguments: string }[] = [];
  let content = "";
  for (const piece of found) {
    if (piece.type === "content") content += piece.text;
    else if (piece.type === "call") calls[piece.index] = { name: piece.name, arguments: "" };
    else (calls[piece.index] as { arguments: string }).arguments += piece.text;
  }
  return { content, calls };
}

const callText = (name: string, value: unknown) =>
  `<tool_call>\n{"name": ${JSON.stringify(name)}, "arguments": ${JSON.stringify(value)}}\n</tool_call>`;
const cut = (text: string, places: readonly number[]) => {
  const borders = [0, ...places.map((place) => place % (text.length + 1)).sort((a, b) => a - b), text.length];
  return borders.slice(1).map((end, index) => text.slice(borders[index], end));
};

describe("ToolCallReader", () => {
  const objects = fc.dictionary(fc.string(), fc.jsonValue());
  const calls = fc.array(fc.tuple(fc.stringMatching(/^[a-zA-Z0-9_-]{1,20}$/), objects), { minLength: 1, maxLength: 4 });

  test("calls come out whole, wherever the text is cut and whatever braces and quotes their arguments hold", () => {
    fc.assert(
      fc.property(calls, fc.array(fc.nat(), { maxLength: 20 }), (wanted, places) => {
        const text = wanted.map(([name, value]) => callText(name, value)).join("\n");
        const expected = wanted.map(([name, value]) => ({ name, arguments: JSON.stringify(value) }));
        expect(read(cut(text, places))).toEqual({ content: "", calls: expected });
      }),
    );
  });

  test("text that is no call passes, also when it begins like one", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.constantFrom("<tool", "<tool_call", "<toolbox>", "<", "a <tool_call>")),
        fc.array(fc.nat()),
        (text, places) => {
          fc.pre(!text.startsWith("<tool_call>"));
          expect(read(cut(text, places))).toEqual({ content: text, calls: [] });
        },
      ),
    );
  });

  test("a call that is cut off keeps what came", () => {
    expect(read(['<tool_call>\n{"name": "f", "arguments": {"a": "x'])).toEqual({
      content: "",
      calls: [{ name: "f", arguments: '{"a": "x' }],
    });
    expect(read(['<tool_call>\n{"na'])).toEqual({ content: "", calls: [] });
  });
});
