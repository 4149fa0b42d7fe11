import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { marked, type Token } from "marked";
import { BlockReader } from "./blocks.ts";

const shapes = (tokens: readonly Token[]): string[] =>
  tokens.filter(({ type }) => type !== "space").map(({ type, raw }) => `${type} ${raw.trimEnd()}`);
const whole = (text: string): string[] => shapes(marked.lexer(text, { gfm: true }));

function grown(text: string, step: number): string[] {
  const reader = new BlockReader();
  for (let end = step; end < text.length; end += step) reader.read(text.slice(0, end));
  return shapes(reader.read(text).map(({ token }) => token));
}

const fragments = [
  "A paragraph with **bold** text.\n\n",
  "A line\nand another\n\n",
  "# Heading\n",
  "Setext\n===\n",
  "```ts\nconst a = 1;\n\nconst b = 2;\n```\n",
  "~~~\nopen fence\n",
  "- one\n- two\n\n  still two\n- three\n",
  "1. first\n2. second\n",
  "| a | b |\n| - | - |\n| 1 | 2 |\n\n",
  "> quoted\n> more\n\n",
  "    indented code\n\n    more\n\n",
  "---\n",
  "<div>\nhtml\n</div>\n\n",
  "text right after\n",
  "\n\n\n",
];

describe("blocks of a growing text", () => {
  test("are those of the whole text, however it grew", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...fragments), { maxLength: 12 }),
        fc.integer({ min: 1, max: 30 }),
        (parts, step) => {
          const text = parts.join("");
          expect(grown(text, step)).toEqual(whole(text));
        },
      ),
      { numRuns: 500 },
    );
  });

  test("lines of a paragraph, a list and a quotation stay lines", () => {
    for (const text of ["one\ntwo\nthree", "- one\n  two\n  three", "> one\n> two\n> three"]) {
      const blocks = JSON.stringify(new BlockReader().read(text));
      expect([text, blocks.match(/"type":"br"/g)?.length]).toEqual([text, 2]);
    }
  });

  test("closed blocks stay the same objects", () => {
    const reader = new BlockReader();
    const [first] = reader.read("One.\n\nTwo.\n\nThr");
    const again = reader.read("One.\n\nTwo.\n\nThree.\n\nFour.\n\nFive");
    expect(again[0]).toBe(first);
    expect(new Set(again.map(({ key }) => key)).size).toBe(again.length);
  });

  test("a text that is no continuation is read anew", () => {
    const reader = new BlockReader();
    reader.read("One.\n\nTwo.\n\nThree.");
    expect(shapes(reader.read("# Other\n\nText").map(({ token }) => token))).toEqual([
      "heading # Other",
      "paragraph Text",
    ]);
  });

  test("other line ends are read too", () => {
    expect(grown("One.\r\n\r\n- a\r\n- b\r\n\r\nTwo.", 1)).toEqual(whole("One.\n\n- a\n- b\n\nTwo."));
  });
});
