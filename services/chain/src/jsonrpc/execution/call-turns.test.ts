import { describe, expect, test } from "@jest/globals";
import { CallTurns } from "./call-turns.ts";

const never = new AbortController().signal;

/** A queue whose time passes only by what its calls say they take. */
function createTurns(waitingMax = 10) {
  const rests: number[] = [];
  let now = 0;
  const turns = new CallTurns(
    { waitingMax, sliceMs: 20 },
    { clock: { monotonicMs: () => now }, delay: async (ms) => void rests.push(ms) },
  );
  const take = (ms: number) => () => {
    now += ms;
  };
  return { turns, rests, take };
}

describe("turns of calls", () => {
  test("come in order, one at a time", async () => {
    const { turns } = createTurns();
    const events: string[] = [];
    const call = (name: string) =>
      turns.run(never, async () => {
        events.push(`${name} begins`);
        await Promise.resolve();
        events.push(`${name} ends`);
        return name;
      });
    expect(await Promise.all(["a", "b", "c"].map(call))).toEqual(["a", "b", "c"]);
    expect(events).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
  });

  test("are followed by a rest as long as what they took together", async () => {
    const { turns, rests, take } = createTurns();
    for (const ms of [5, 10, 4]) await turns.run(never, take(ms));
    await turns.run(never, () => undefined);
    expect(rests).toEqual([]);
    await turns.run(never, take(1));
    await turns.run(never, take(300));
    await turns.run(never, take(5_000));
    await turns.run(never, () => undefined);
    expect(rests).toEqual([20, 300, 1_000]);
  });

  test("a call that fails lets the next one run", async () => {
    const { turns } = createTurns();
    const failing = turns.run(never, () => {
      throw new RangeError("no");
    });
    const next = turns.run(never, () => "next");
    await expect(failing).rejects.toThrow("no");
    expect(await next).toBe("next");
  });

  test("who has gone is left out, who comes when too many wait is refused", async () => {
    const { turns } = createTurns(2);
    const held = Promise.withResolvers<void>();
    const gone = new AbortController();
    const first = turns.run(never, () => held.promise);
    await Promise.resolve();
    let hasRun = false;
    const second = turns.run(gone.signal, () => {
      hasRun = true;
    });
    const third = turns.run(never, () => "third");
    await expect(turns.run(never, () => "fourth")).rejects.toThrow("too many calls");
    gone.abort(new Error("gone"));
    held.resolve();
    await first;
    await expect(second).rejects.toThrow("gone");
    expect(await third).toBe("third");
    expect(hasRun).toBe(false);
    expect(await turns.run(never, () => "fifth")).toBe("fifth");
  });
});
