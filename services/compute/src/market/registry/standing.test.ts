import { describe, expect, test } from "@jest/globals";
import { cleanStanding, liftFirstStrike, type StandingOptions, strike } from "./standing.ts";

const options: StandingOptions = { penaltyMs: 100, penaltyMsMax: 350, strikeMemoryMs: 10_000 };

describe("strike", () => {
  test("the penalty doubles up to its bound", () => {
    let standing = cleanStanding;
    let now = 1_000_000;
    for (const penaltyMs of [100, 200, 350, 350]) {
      standing = strike(standing, "OUTPUT_HASH_MISMATCH", now, options);
      expect([penaltyMs, standing.failingUntil - now]).toEqual([penaltyMs, penaltyMs]);
      now = standing.failingUntil;
    }
    expect(standing.strikes).toBe(4);
  });

  test("what comes to light while it is failing is not one more strike", () => {
    const first = strike(cleanStanding, "FEE_MISMATCH", 50_000, options);
    const again = strike(first, "PRICE_MISMATCH", 50_099, options);
    expect(again).toEqual({ ...first, reason: "PRICE_MISMATCH", lastStrikeAt: 50_099 });
    expect(strike(first, "PRICE_MISMATCH", 50_100, options).strikes).toBe(2);
  });

  test("strikes are forgotten", () => {
    const first = strike(cleanStanding, "FEE_MISMATCH", 50_000, options);
    expect(strike(first, "FEE_MISMATCH", 59_999, options).strikes).toBe(2);
    expect(strike(first, "FEE_MISMATCH", 60_000, options).strikes).toBe(1);
  });
});

describe("liftFirstStrike", () => {
  test("a new registration lifts the first strike and no other", () => {
    const first = strike(cleanStanding, "FEE_MISMATCH", 50_000, options);
    const lifted = liftFirstStrike(first, 50_010);
    expect(lifted.failingUntil).toBe(50_010);
    const second = strike(lifted, "FEE_MISMATCH", 50_020, options);
    expect(second).toMatchObject({ strikes: 2, failingUntil: 50_220 });
    expect(liftFirstStrike(second, 50_030)).toBe(second);
    expect(liftFirstStrike(cleanStanding, 50_030)).toBe(cleanStanding);
  });
});
