import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { Admission } from "./admission.ts";

class Refused extends Error {}
const admission = (places: number, queueMax: number) =>
  new Admission({ places, queueMax, refuse: () => new Refused() });
const forever = new AbortController().signal;

describe("Admission", () => {
  test("lets in as many as there are places, queues in order, refuses beyond the queue", async () => {
    const gate = admission(1, 2);
    const leave = await gate.enter(forever);
    const order: string[] = [];
    const first = gate.enter(forever).then((leaveFirst) => {
      order.push("first");
      leaveFirst();
    });
    const second = gate.enter(forever).then((leaveSecond) => {
      order.push("second");
      leaveSecond();
    });
    await expect(gate.enter(forever)).rejects.toBeInstanceOf(Refused);
    expect([gate.active, gate.queued]).toEqual([1, 2]);
    leave();
    leave();
    await Promise.all([first, second]);
    expect(order).toEqual(["first", "second"]);
    await gate.idle();
    expect([gate.active, gate.queued]).toEqual([0, 0]);
  });

  test("one that gives up leaves the queue and takes no place", async () => {
    const gate = admission(1, 1);
    const leave = await gate.enter(forever);
    const giving = new AbortController();
    const waiting = gate.enter(giving.signal);
    giving.abort(new Error("gave up"));
    await expect(waiting).rejects.toThrow("gave up");
    expect(gate.queued).toBe(0);
    leave();
    expect(gate.active).toBe(0);
  });

  test("whatever is entered, left and aborted in whatever order: never more than the places, and all end", async () => {
    const steps = fc.array(fc.constantFrom("enter", "leave", "abort"), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(
        steps,
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 0, max: 3 }),
        async (moves, places, queueMax) => {
          const gate = admission(places, queueMax);
          const inside: (() => void)[] = [];
          const waiting: AbortController[] = [];
          for (const move of moves) {
            if (move === "enter") {
              const giving = new AbortController();
              waiting.push(giving);
              gate.enter(giving.signal).then(
                (leave) => inside.push(leave),
                () => undefined,
              );
            } else if (move === "leave") inside.shift()?.();
            else waiting.shift()?.abort(new Error("gave up"));
            await new Promise((resolve) => setImmediate(resolve));
            expect(gate.active).toBeLessThanOrEqual(places);
            expect(gate.queued).toBeLessThanOrEqual(queueMax);
            expect(gate.active).toBe(inside.length);
          }
          while (gate.active > 0) {
            inside.shift()?.();
            await new Promise((resolve) => setImmediate(resolve));
          }
          await gate.idle();
        },
      ),
      { numRuns: 100 },
    );
  });
});
