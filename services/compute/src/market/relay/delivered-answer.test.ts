import { createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { DeliveredAnswer } from "./delivered-answer.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (chunks: readonly Uint8Array[]) => Buffer.concat(chunks).toString("utf8");
const eventStream = "text/event-stream; charset=utf-8";

/** What a client sees of these chunks before the receipt is checked. */
function seen(chunks: readonly string[], contentType = eventStream): string {
  const answer = new DeliveredAnswer({ contentType });
  return decode(chunks.flatMap((chunk) => [...answer.take(encode(chunk))]));
}

describe("an event stream", () => {
  test("goes through at once; its end waits for the receipt", () => {
    const answer = new DeliveredAnswer({ contentType: eventStream });
    expect(decode(answer.take(encode('data: {"a":1}\n\n')))).toBe('data: {"a":1}\n\n');
    expect(answer.take(encode("data: [DONE]\n\n"))).toEqual([]);
    expect(answer.observed(true)).toMatchObject({ bytes: 29, whole: true, finished: true });
    expect(decode(answer.release())).toBe("data: [DONE]\n\n");
  });

  test.each([
    ["in one chunk with what comes before", ['data: {"a":1}\n\ndata: [DONE]\n\n']],
    ["after a carriage return", ["\rdata: [DONE]"]],
    ["without a space", ["data:[DONE]\n\n"]],
    ["followed by more", ["data: [DONE]\n\n", 'data: {"a":1}\n\n']],
    ["a byte at a time", [..."data: [DONE]\n\n"]],
  ])("its end is never seen: %s", (_name, chunks) => {
    expect(seen(chunks)).toBe("");
  });

  test("the same text inside an event is text", () => {
    const events = [
      'data: {"content":"data: [DONE]"}\n\n',
      "data",
      ': {"content":"x"}\n\n',
      ": comment data: [DONE]\n",
    ];
    expect(seen(events)).toBe(events.join(""));
  });

  test("more after the end leaves the answer unfinished", () => {
    const answer = new DeliveredAnswer({ contentType: eventStream });
    answer.take(encode("data: [DONE]\n\n"));
    answer.take(encode('data: {"a":1}\n\n'));
    expect(answer.observed(true).finished).toBe(false);
  });

  test("however it is cut, its end is held back and the rest is not lost", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }), (sizes) => {
        const body = 'data: {"a":"data: [DONE]"}\n\ndata: {"b":2}\n\ndata: [DONE]\n\n';
        const chunks: string[] = [];
        for (let at = 0, turn = 0; at < body.length; turn++) {
          const size = sizes[turn % sizes.length] as number;
          chunks.push(body.slice(at, at + size));
          at += size;
        }
        const answer = new DeliveredAnswer({ contentType: eventStream });
        const before = decode(chunks.flatMap((chunk) => [...answer.take(encode(chunk))]));
        expect(before).not.toMatch(/(^|\n)data: \[DONE\]/);
        expect(before + decode(answer.release())).toBe(body);
      }),
    );
  });
});

describe("any other body", () => {
  test("is released one chunk late", () => {
    const answer = new DeliveredAnswer({ contentType: "application/json" });
    expect(answer.take(encode('{"a":'))).toEqual([]);
    expect(decode(answer.take(encode("1}")))).toBe('{"a":');
    expect(decode(answer.release())).toBe("1}");
    expect(answer.observed(true).finished).toBe(true);
  });

  test("that breaks off is not finished", () => {
    const answer = new DeliveredAnswer({ contentType: "application/json" });
    answer.take(encode('{"a":[1,2'));
    expect(answer.observed(true).finished).toBe(false);
  });
});

test("whatever the chunks, nothing is lost, nothing reordered, and the digest is that of all bytes", () => {
  const chunk = fc.oneof(fc.constant(encode("data: [DONE]\n\n")), fc.uint8Array({ maxLength: 40 }));
  fc.assert(
    fc.property(fc.array(chunk), fc.constantFrom("text/event-stream", "application/json"), (chunks, contentType) => {
      const answer = new DeliveredAnswer({ contentType });
      const released = chunks.flatMap((bytes) => [...answer.take(bytes)]);
      const sent = Buffer.concat(chunks);
      expect(Buffer.compare(Buffer.concat([...released, ...answer.release()]), sent)).toBe(0);
      const digest = `0x${createHash("sha256").update(sent).digest("hex")}`;
      expect(answer.observed(false)).toMatchObject({ digest, bytes: sent.length, usage: undefined });
    }),
  );
});
