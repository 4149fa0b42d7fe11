import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { MessagePump } from "./grpc-pump.ts";
import { MessageReader } from "./grpc-reader.ts";

async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe("the pump", () => {
  test("keeps order, bounds what is unwritten, and ends after the last write", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat({ max: 200_000 }), { maxLength: 40 }),
        fc.integer({ min: 1, max: 8 }),
        async (sizes, unwrittenMax) => {
          const written: number[] = [];
          const pending: (() => void)[] = [];
          let pendingBytes = 0;
          let mostBytes = 0;
          let mostMessages = 0;
          let ended = 0;
          async function* source() {
            for (const size of sizes) yield Buffer.alloc(size);
          }
          const pump = new MessagePump({
            source: source(),
            unwrittenMax,
            write: (message, done) => {
              written.push(message.length);
              pendingBytes += message.length;
              pending.push(() => {
                pendingBytes -= message.length;
                done();
              });
              mostBytes = Math.max(mostBytes, pendingBytes);
              mostMessages = Math.max(mostMessages, pending.length);
            },
            ended: () => {
              ended += 1;
              expect(pending).toHaveLength(0);
            },
          });
          pump.pull();
          await settle();
          while (pending.length > 0) {
            pending.shift()?.();
            await settle();
          }
          expect(written).toEqual(sizes);
          expect(ended).toBe(1);
          expect(mostMessages).toBeLessThanOrEqual(unwrittenMax);
          // One message may go over the bound, as its size is known only when it is there.
          expect(mostBytes).toBeLessThan(256 * 1024 + 200_000);
        },
      ),
      { numRuns: 50 },
    );
  });

  test("a source that fails is told, a stopped pump is silent", async () => {
    const failures: unknown[] = [];
    async function* source() {
      yield Buffer.alloc(1);
      throw new Error("dry");
    }
    const options = { write: (_: Buffer, done: () => void) => done(), unwrittenMax: 4 };
    new MessagePump({ ...options, source: source(), ended: (failure) => failures.push(failure?.error) }).pull();
    await settle();
    expect(failures).toEqual([new Error("dry")]);
    const stopped = new MessagePump({ ...options, source: source(), ended: () => failures.push("ended") });
    stopped.pull();
    stopped.stop();
    await settle();
    expect(failures).toHaveLength(1);
  });
});

describe("the reader", () => {
  function createReader(decode: (message: Buffer) => number = (message) => message.length) {
    const seen = { more: 0, hold: 0, left: 0 };
    const reader = new MessageReader<number>({
      decode,
      more: () => {
        seen.more += 1;
      },
      hold: () => {
        seen.hold += 1;
      },
      left: () => {
        seen.left += 1;
      },
    });
    return { reader, seen };
  }

  test("gives every message that came before the end or the failure", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat({ max: 1000 })),
        fc.boolean(),
        fc.nat({ max: 20 }),
        async (sizes, fails, early) => {
          const { reader } = createReader();
          const got: number[] = [];
          let outcome = "";
          const reading = (async () => {
            for await (const size of reader) got.push(size);
          })().then(
            () => (outcome = "end"),
            (error: Error) => (outcome = error.message),
          );
          for (const [index, size] of sizes.entries()) {
            if (index === early) await settle();
            reader.take(Buffer.alloc(size));
          }
          reader.close(fails ? { error: new Error("broken") } : undefined);
          reader.close();
          await reading;
          expect([got, outcome]).toEqual([sizes, fails ? "broken" : "end"]);
        },
      ),
    );
  });

  test("holds the peer when 256 KiB wait and asks for more when half is read", async () => {
    const { reader, seen } = createReader();
    for (let n = 0; n < 4; n += 1) reader.take(Buffer.alloc(64 * 1024));
    expect(seen).toEqual({ more: 3, hold: 1, left: 0 });
    await reader.next();
    await reader.next();
    expect(seen.more).toBe(3);
    await reader.next();
    expect(seen.more).toBe(4);
  });

  test("messages without bytes are bounded by their number", async () => {
    const { reader, seen } = createReader();
    for (let n = 0; n < 1024; n += 1) reader.take(Buffer.alloc(0));
    expect(seen.hold).toBe(1);
    for (let n = 0; n < 513; n += 1) await reader.next();
    expect(seen.more).toBe(1024);
  });

  test("abort comes before what is queued", async () => {
    const { reader } = createReader();
    reader.take(Buffer.alloc(1));
    reader.abort(new Error("cancelled"));
    await expect(reader.next()).rejects.toThrow("cancelled");
    expect(await reader.next()).toEqual({ done: true, value: undefined });
  });

  test("leaving, or a message that can not be decoded, lets go of the peer once", async () => {
    const { reader, seen } = createReader();
    await reader.return();
    await reader.return();
    reader.take(Buffer.alloc(1));
    expect(seen.left).toBe(1);
    const bad = createReader(() => {
      throw new Error("not a message");
    });
    bad.reader.take(Buffer.alloc(1));
    await expect(bad.reader.next()).rejects.toThrow("not a message");
    expect(await bad.reader.next()).toEqual({ done: true, value: undefined });
    expect(bad.seen.left).toBe(1);
  });
});
