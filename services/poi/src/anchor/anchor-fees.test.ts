import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { chooseFees, raiseFees } from "./anchor-fees.ts";

const wei = fc.bigInt({ min: 0n, max: 10n ** 13n });

describe("fees", () => {
  test("cover the base fee, tip no more than they offer, and stay within the limit", () => {
    fc.assert(
      fc.property(wei, wei, wei, (baseFee, tip, limit) => {
        fc.pre(baseFee <= limit);
        const { maxFeePerGas, maxPriorityFeePerGas } = chooseFees(baseFee, tip, limit);
        expect(maxFeePerGas).toBeGreaterThanOrEqual(baseFee);
        expect(maxFeePerGas).toBeLessThanOrEqual(limit);
        expect(maxPriorityFeePerGas).toBeLessThanOrEqual(maxFeePerGas);
      }),
    );
    expect(chooseFees(7n, 1n, 7n)).toEqual({ maxFeePerGas: 7n, maxPriorityFeePerGas: 1n });
    expect(() => chooseFees(8n, 1n, 7n)).toThrow("ANCHOR_FEE_TOO_HIGH");
  });

  test("of a replacement are at least an eighth above those before, or it is not made", () => {
    fc.assert(
      fc.property(wei, wei, wei, wei, wei, (base, tip, nextBase, nextTip, limit) => {
        fc.pre(base <= limit && nextBase <= limit);
        const before = chooseFees(base, tip, limit);
        const raised = raiseFees(before, chooseFees(nextBase, nextTip, limit), limit);
        if (raised === undefined) return;
        expect(raised.maxFeePerGas).toBeLessThanOrEqual(limit);
        expect(raised.maxPriorityFeePerGas).toBeLessThanOrEqual(raised.maxFeePerGas);
        for (const name of ["maxFeePerGas", "maxPriorityFeePerGas"] as const) {
          expect(8n * raised[name]).toBeGreaterThan(9n * before[name]);
        }
      }),
    );
    const before = { maxFeePerGas: 80n, maxPriorityFeePerGas: 4n };
    expect(raiseFees(before, before, 101n)).toEqual({ maxFeePerGas: 101n, maxPriorityFeePerGas: 6n });
    expect(raiseFees(before, before, 100n)).toBeUndefined();
  });
});
