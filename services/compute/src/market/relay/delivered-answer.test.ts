import { createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { DeliveredAnswer } from "./delivered-answer.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (chunks: readonly Uint8Array[]) => Buffer.concat(chunks).toString("utf8");

describe("an event stream", () => {
  const contentType = "text/event-stream; charset=utf-8";

  test("goes through at once; its end waits for the receipt", () => {
    const answer = new DeliveredAnswer({ contentType });
    expect(decode(answer.take(encode('data: {"a":1}\n\n')))).toBe('data: {"a":1}\n\n');
    expect(answer.take(encode("data: [DONE]\n\n"))).toEqual([]);
    expect(decode([answer.release() as Uint8Array])).toBe("data: [DONE]\n\n");
    expect(answer.observed(true)).toMatchObject({ bytes: 29, whole: true, finished: true });
  });

  test("an end that is not the end comes out with what follows it", () => {
    const answer = new DeliveredAnswer({ contentType });
    answer.take(encode("data: [DONE]\n\n"));
    expect(decode(answer.take(encode("data: more\n\n")))).toBe("data: [DONE]\n\ndata: more\n\n");
    expect(answer.observed(true).finished).toBe(false);
  });

  test("an end cut in two pieces is seen by whoever reads the whole", () => {
    const answer = new DeliveredAnswer({ contentType });
    answer.take(encode("data: [DO"));
    answer.take(encode("NE]\n\n"));
    expect(answer.observed(true).finished).toBe(true);
  });
});

describe("any other body", () => {
  test("is released one chunk late", () => {
    const answer = new DeliveredAnswer({ contentType: "application/json" });
    expect(answer.take(encode('{"a":'))).toEqual([]);
    expect(decode(answer.take(encode("1}")))).toBe('{"a":');
    expect(decode([answer.release() as Uint8Array])).toBe("1}");
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
      const last = answer.release();
      const all = Buffer.concat(last === undefined ? released : [...released, last]);
      const sent = Buffer.concat(chunks);
      expect(Buffer.compare(all, sent)).toBe(0);
      const digest = `0x${createHash("sha256").update(sent).digest("hex")}`;
      expect(answer.observed(false)).toMatchObject({ digest, bytes: sent.length, usage: undefined });
    }),
  );
});
