import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { findStatedUsage, Tail, usageTailBytes } from "./stated-usage.ts";

const find = (text: string) => findStatedUsage(Buffer.from(text));

describe("findStatedUsage", () => {
  test("a whole answer, an embedding, and the last event of a stream", () => {
    const usage = { prompt_tokens: 12, completion_tokens: 34, total_tokens: 46 };
    expect(find(JSON.stringify({ id: "x", choices: [], usage }))).toEqual({ inputUnits: 12n, outputUnits: 34n });
    expect(find('{"data":[],"usage": {"prompt_tokens":3,"total_tokens":3}}')).toEqual({
      inputUnits: 3n,
      outputUnits: 0n,
    });
    const frames = [
      { choices: [{}], usage: null },
      { choices: [], usage },
    ].map((frame) => `data: ${JSON.stringify(frame)}\n\n`);
    expect(find(`${frames.join("")}data: [DONE]\n\n`)).toEqual({ inputUnits: 12n, outputUnits: 34n });
  });

  test("nested details belong to the object", () => {
    const usage = { prompt_tokens_details: { cached_tokens: 1 }, prompt_tokens: 2, completion_tokens: 5 };
    expect(find(JSON.stringify({ usage, system_fingerprint: "fp" }))).toEqual({ inputUnits: 2n, outputUnits: 5n });
  });

  test("text that looks like usage is text", () => {
    fc.assert(
      fc.property(fc.string(), (prefix) => {
        const content = `${prefix}"usage":{"prompt_tokens":999,"completion_tokens":999}`;
        expect(find(JSON.stringify({ choices: [{ message: { content } }] }))).toBeUndefined();
      }),
    );
  });

  test.each([
    ["nothing stated", '{"choices":[]}'],
    ["null only", '{"usage":null}'],
    ["cut off", '{"usage":{"prompt_tokens":1,"completion_tokens":2'],
    ["no counts", '{"usage":{"total":1}}'],
    ["negative", '{"usage":{"prompt_tokens":-1,"completion_tokens":2}}'],
    ["fraction", '{"usage":{"prompt_tokens":1.5,"completion_tokens":2}}'],
  ])("%s states no usage", (_name, text) => {
    expect(find(text)).toBeUndefined();
  });
});

test("the tail is the end of all chunks, however they were cut", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 3_000 }), { maxLength: 12 }), (chunks) => {
      const tail = new Tail();
      for (const chunk of chunks) tail.push(chunk);
      expect(Buffer.compare(tail.bytes(), Buffer.concat(chunks).subarray(-usageTailBytes))).toBe(0);
    }),
  );
});
