import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { PipedStream } from "./piped-stream.ts";

function pipe<T>(source: AsyncIterator<T>, map: (item: T) => T = (item) => item) {
  let rests = 0;
  const stream = new PipedStream<T, T>({
    source,
    map,
    failure: (thrown) => new Error(`mapped ${thrown instanceof Error ? thrown.message : String(thrown)}`),
    onRest: () => {
      rests += 1;
    },
  });
  return { stream, rests: () => rests };
}

async function drain<T>(stream: AsyncIterable<T>): Promise<{ items: T[]; error?: string }> {
  const items: T[] = [];
  try {
    for await (const item of stream) items.push(item);
  } catch (error) {
    return { items, error: (error as Error).message };
  }
  return { items };
}

describe("a piped stream", () => {
  test("hands on every item, then the end or the failure, and rests once", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat()), fc.boolean(), fc.boolean(), async (items, fails, pauses) => {
        async function* source() {
          for (const item of items) {
            if (pauses) await Promise.resolve();
            yield item;
          }
          if (fails) throw new Error("out");
        }
        const { stream, rests } = pipe(source(), (item) => item + 1);
        expect(await drain(stream)).toEqual({
          items: items.map((item) => item + 1),
          ...(fails ? { error: "mapped out" } : {}),
        });
        expect(rests()).toBe(1);
        expect(await stream.next()).toEqual({ done: true, value: undefined });
      }),
    );
  });

  test("pulls nothing ahead of its reader", async () => {
    let made = 0;
    async function* source() {
      for (;;) yield ++made;
    }
    const { stream } = pipe(source());
    await stream.next();
    await stream.next();
    await new Promise((resolve) => setImmediate(resolve));
    expect(made).toBe(2);
  });

  test("leaving early ends the source", async () => {
    const ended: string[] = [];
    async function* source() {
      try {
        for (let n = 0; ; n += 1) yield n;
      } finally {
        ended.push("source");
      }
    }
    const { stream, rests } = pipe(source());
    for await (const item of stream) if (item === 3) break;
    await new Promise((resolve) => setImmediate(resolve));
    expect([ended, rests()]).toEqual([["source"], 1]);
  });

  test("a mapping that fails ends the source and fails the reader", async () => {
    const ended: string[] = [];
    async function* source(): AsyncGenerator<number> {
      try {
        yield 1;
        yield 2;
      } finally {
        ended.push("source");
      }
    }
    const { stream } = pipe(source(), (item) => {
      if (item === 2) throw new Error("bad");
      return item;
    });
    expect(await drain(stream)).toEqual({ items: [1], error: "mapped bad" });
    expect(ended).toEqual(["source"]);
  });

  test("abort fails the read under way although the source hangs, and rests when the source does", async () => {
    let release: () => void = () => {};
    async function* source() {
      yield 1;
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      yield 2;
    }
    const { stream, rests } = pipe(source());
    await stream.next();
    const pending = stream.next();
    stream.abort(new Error("deadline"));
    await expect(pending).rejects.toThrow("deadline");
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect(rests()).toBe(0);
    release();
    await new Promise((resolve) => setImmediate(resolve));
    expect(rests()).toBe(1);
  });

  test("abort between reads fails the next read, once", async () => {
    async function* source() {
      yield 1;
      yield 2;
    }
    const { stream } = pipe(source());
    await stream.next();
    stream.abort(new Error("cancelled"));
    stream.abort(new Error("again"));
    await expect(stream.next()).rejects.toThrow("cancelled");
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  test("sources without return are let go of", async () => {
    const { stream, rests } = pipe({ next: async () => ({ done: false, value: 1 }) });
    await stream.next();
    await stream.return();
    expect(rests()).toBe(1);
    const hanging = pipe({ next: () => new Promise<never>(() => {}) });
    void hanging.stream.next().catch(() => {});
    hanging.stream.abort(new Error("x"));
    expect(hanging.rests()).toBe(0);
  });

  test("overlapping reads are a bug", async () => {
    const { stream } = pipe({ next: () => new Promise<never>(() => {}) });
    void stream.next();
    expect(() => stream.next()).toThrow("do not overlap");
  });
});
