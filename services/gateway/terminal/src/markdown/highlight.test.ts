import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { highlightCode, highlightLengthMax } from "./highlight.ts";

describe("highlighting", () => {
  test("never adds, drops or changes a character", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        fc.constantFrom("ts", "python", "html", "sql", "sh"),
        (code, language) => {
          const text = highlightCode(code, language)
            ?.map((piece) => piece.text)
            .join("");
          expect(text).toBe(code);
        },
      ),
    );
  });

  test("knows what is what", () => {
    const pieces = highlightCode('const a = "b"; // c', "ts") ?? [];
    expect(pieces.filter(({ kind }) => kind !== null)).toEqual([
      { text: "const", kind: "keyword" },
      { text: '"b"', kind: "string" },
      { text: "// c", kind: "comment" },
    ]);
  });

  test("an unknown language, or too much code, stays plain", () => {
    expect(highlightCode("x", "klingon")).toBeNull();
    expect(highlightCode("x".repeat(highlightLengthMax + 1), "ts")).toBeNull();
  });
});
