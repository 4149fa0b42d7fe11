import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { cosignedCheckpoint, peter } from "../test/vectors.ts";
import { decodeNote, formatNote, NOTE_LENGTH_MAX, NOTE_SIGNATURES_MAX, parseNote, parseSignatureLine } from "./note.ts";

const line = peter.signatureLine;

describe("notes", () => {
  test("are written back as they were read", () => {
    for (const note of [`${peter.text}\n${line}`, cosignedCheckpoint, `a\n\nb\n\n${line}`, `\n\n${line}`]) {
      expect(formatNote(parseNote(note))).toBe(note);
      expect(formatNote(decodeNote(new TextEncoder().encode(note)))).toBe(note);
    }
    expect(parseNote(`a\n\nb\n\n${line}`).text).toBe("a\n\nb\n");
  });

  test("in any other shape are refused", () => {
    const bad = {
      "no signatures": "text\n",
      "no newline before": `text${line}`,
      "no blank line": `text\n${line}`,
      "empty signature block": "text\n\n",
      "no last newline": `text\n\n${line.slice(0, -1)}`,
      "extra newline": `text\n\n${line}\n`,
      "carriage return": `text\r\n\n${line}`,
      "tab in text": `te\txt\n\n${line}`,
      "nul in text": `te\u0000xt\n\n${line}`,
      "lone surrogate": `te\ud800xt\n\n${line}`,
      "hyphen for em dash": `text\n\n${line.replace("—", "-")}`,
      "two spaces": `text\n\n${line.replace("— ", "—  ")}`,
      "no name": `text\n\n— ${line.split(" ")[2]}`,
      "plus in name": `text\n\n${line.replace("Peter", "Peter+")}`,
      "no base64": `text\n\n— name !!!!\n`,
      "key id alone": `text\n\n— name ${btoa("abcd")}\n`,
      "white space in base64": `text\n\n${line.replace("x08g", "x08g ")}`,
      "missing padding": `text\n\n${line.replace("=", "")}`,
      "stray bits": `text\n\n${line.replace("nAM=", "nAN=")}`,
      "text between signatures": `text\n\n${line}text\n${line}`,
    };
    for (const [name, note] of Object.entries(bad)) {
      expect([name, attempt(() => parseNote(note))]).toEqual([name, expect.stringContaining("NOTE_MALFORMED")]);
    }
  });

  test("that are not UTF-8 are refused", () => {
    const bytes = new TextEncoder().encode(`text\n\n${line}`);
    expect(() => decodeNote(bytes.with(1, 0xff))).toThrow("NOTE_MALFORMED");
    const mark = decodeNote(Uint8Array.from([0xef, 0xbb, 0xbf, ...bytes]));
    expect(mark.text).toBe("\ufefftext\n");
  });

  test("over the limits are refused, at the limits taken", () => {
    const many = (count: number) => `t\n\n${line.repeat(count)}`;
    expect(parseNote(many(NOTE_SIGNATURES_MAX)).signatures).toHaveLength(NOTE_SIGNATURES_MAX);
    expect(() => parseNote(many(NOTE_SIGNATURES_MAX + 1))).toThrow("too many signatures");
    const room = NOTE_LENGTH_MAX - line.length - 2;
    expect(parseNote(`${"x".repeat(room)}\n\n${line}`).text).toHaveLength(room + 1);
    expect(() => parseNote(`${"x".repeat(room + 1)}\n\n${line}`)).toThrow("length");
    expect(() => formatNote({ text: "t\n", signatures: [] })).toThrow("no signatures");
    expect(() => formatNote({ text: "t", signatures: [parseSignatureLine(line.trim())] })).toThrow("newline");
  });

  test("survive any text", () => {
    const text = fc
      .array(fc.string({ unit: "grapheme" }).filter((part) => !/\p{Cc}/u.test(part) && part.isWellFormed()))
      .map((lines) => `${lines.join("\n")}\n`);
    const signature = fc.record({
      name: fc.constantFrom("a", "example.com/é", "—"),
      keyId: fc.nat(0xffffffff),
      signature: fc.uint8Array({ minLength: 1, maxLength: 100 }),
    });
    fc.assert(
      fc.property(text, fc.array(signature, { minLength: 1, maxLength: 5 }), (body, signatures) => {
        expect(parseNote(formatNote({ text: body, signatures }))).toEqual({ text: body, signatures });
      }),
    );
  });
});

function attempt(run: () => unknown): string {
  try {
    return String(run());
  } catch (error) {
    return String(error);
  }
}
