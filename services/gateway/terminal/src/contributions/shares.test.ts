import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Contribution } from "../gateway/contributions.ts";
import { percentText, sharesOf } from "./shares.ts";

const contribution = (provider: string, fee: bigint): Contribution => ({
  provider,
  providerName: null,
  kind: "inference",
  manifest: "0x",
  model: null,
  receipts: 2,
  inputUnits: 0n,
  outputUnits: 0n,
  fee,
  firstAt: 0,
  lastAt: 0,
});

describe("shares", () => {
  test("a party's work is added up, largest first", () => {
    const shares = sharesOf([contribution("a", 10n), contribution("b", 70n), contribution("a", 20n)]);
    expect(shares.map(({ provider, fee, receipts, perMille }) => [provider, fee, receipts, perMille])).toEqual([
      ["b", 70n, 2, 700],
      ["a", 30n, 4, 300],
    ]);
    expect(percentText(305)).toBe("30.5 %");
  });

  test("nothing is lost or made by adding up and rounding", () => {
    const list = fc.array(
      fc.tuple(fc.constantFrom("a", "b", "c", "d", "e", "f", "g"), fc.bigInt({ min: 0n, max: 10n ** 24n })),
    );
    fc.assert(
      fc.property(list, (entries) => {
        const shares = sharesOf(entries.map(([provider, fee]) => contribution(provider, fee)));
        const total = entries.reduce((sum, [, fee]) => sum + fee, 0n);
        expect(shares.reduce((sum, { fee }) => sum + fee, 0n)).toBe(total);
        expect(shares.reduce((sum, { perMille }) => sum + perMille, 0)).toBe(total === 0n ? 0 : 1000);
      }),
    );
  });
});
