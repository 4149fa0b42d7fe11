import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { EventStream } from "./event-stream.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

function eventsOf(text: string): string[] {
  return new EventStream().feed(bytesOf(text));
}

describe("event stream", () => {
  test.each([
    ["one event", "data: a\n\n", ["a"]],
    ["no space after the colon", "data:a\n\n", ["a"]],
    ["only one space is taken", "data:  a\n\n", [" a"]],
    ["several lines", "data: a\ndata: b\n\n", ["a\nb"]],
    ["carriage returns", "data: a\r\rdata: b\r\r", ["a", "b"]],
    ["both", "data: a\r\n\r\ndata: b\r\n\r\n", ["a", "b"]],
    ["comments and other fields", ": ping\nevent: x\nid: 1\nretry: 5\ndata: a\n\n", ["a"]],
    ["a field without a colon", "data\n\n", [""]],
    ["blank lines alone", "\n\n\n", []],
    ["an event that is not ended", "data: a\n\ndata: b\n", ["a"]],
    ["a byte order mark", "\ufeffdata: a\n\n", ["a"]],
  ])("%s", (_name, text, events) => expect(eventsOf(text)).toEqual(events));

  test("how the bytes are cut into chunks changes nothing", () => {
    const line = fc.oneof(
      fc.string({ unit: "grapheme" }).map((text) => `data: ${text.replaceAll(/[\r\n]/g, "")}`),
      fc.constantFrom(": ping", "event: x", "data", "id: 7", ""),
    );
    const stream = fc.array(fc.tuple(line, fc.constantFrom("\n", "\r", "\r\n"))).map((lines) => lines.flat().join(""));
    fc.assert(
      fc.property(stream, fc.array(fc.nat(200)), (text, cuts) => {
        const bytes = bytesOf(text);
        const at = [...new Set(cuts.map((cut) => Math.min(cut, bytes.length)))].sort((a, b) => a - b);
        const reader = new EventStream();
        const events = [...at, bytes.length].flatMap((end, index) =>
          reader.feed(bytes.subarray(at[index - 1] ?? 0, end)),
        );
        expect(events).toEqual(eventsOf(text));
      }),
    );
  });
});
