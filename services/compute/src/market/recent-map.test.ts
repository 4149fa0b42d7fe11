import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { RecentMap } from "./recent-map.ts";

const keys = fc.integer({ min: 0, max: 9 });
const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("set" as const), key: keys, value: fc.nat() }),
    fc.record({ kind: fc.constantFrom("delete" as const, "read" as const), key: keys }),
  ),
);

test("what was set last is there, up to the bound, and nothing else", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), steps, (entriesMax, done) => {
      const map = new RecentMap<number, number>({ entriesMax });
      let model: { key: number; value: number }[] = [];
      for (const step of done) {
        if (step.kind === "read") map.get(step.key);
        else model = model.filter(({ key }) => key !== step.key);
        if (step.kind === "delete") map.delete(step.key);
        if (step.kind === "set") {
          map.set(step.key, step.value);
          model = [...model, step].slice(-entriesMax);
        }
        for (let key = 0; key <= 9; key++) {
          const expected = model.find((entry) => entry.key === key);
          expect([key, map.has(key), map.get(key)]).toEqual([key, expected !== undefined, expected?.value]);
        }
      }
    }),
  );
});
