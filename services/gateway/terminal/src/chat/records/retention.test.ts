import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { chooseEvictions } from "./retention.ts";

const kept = fc.uniqueArray(fc.record({ id: fc.string(), updatedAt: fc.nat(), bytes: fc.nat(1_000) }), {
  selector: ({ id }) => id,
});

describe("retention", () => {
  test("what stays is within the limits, but for the open conversation, and nothing goes without need", () => {
    fc.assert(
      fc.property(kept, fc.nat(20), fc.nat(5_000), fc.nat(5), (all, conversationsMax, bytesMax, open) => {
        const openId = all[open]?.id ?? null;
        const evicted = new Set(chooseEvictions(all, openId, { conversationsMax, bytesMax }));
        expect(openId !== null && evicted.has(openId)).toBe(false);
        const stay = all.filter(({ id }) => !evicted.has(id) && id !== openId);
        const bytes = all.filter(({ id }) => !evicted.has(id)).reduce((sum, each) => sum + each.bytes, 0);
        const fits = bytes <= bytesMax && all.length - evicted.size <= conversationsMax;
        expect(fits || stay.length === 0).toBe(true);
        // The newest of those that went would not have fitted either.
        const newest = all.filter(({ id }) => evicted.has(id)).toSorted((a, b) => b.updatedAt - a.updatedAt)[0];
        for (const each of stay) expect(each.updatedAt >= (newest?.updatedAt ?? 0)).toBe(true);
      }),
    );
  });

  test("nothing goes while everything fits", () => {
    const all = [{ id: "a", updatedAt: 1, bytes: 10 }];
    expect(chooseEvictions(all, null, { conversationsMax: 1, bytesMax: 10 })).toEqual([]);
    expect(chooseEvictions(all, null, { conversationsMax: 1, bytesMax: 9 })).toEqual(["a"]);
    expect(chooseEvictions(all, "a", { conversationsMax: 0, bytesMax: 0 })).toEqual([]);
  });
});
