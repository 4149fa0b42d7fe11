import { describe, expect, test } from "@jest/globals";
import { ImaginedChain } from "../../../test/jsonrpc/imagined-chain.ts";
import { defaultTipOptions, TipOracle } from "./tip-oracle.ts";

describe("the tip that is suggested", () => {
  test("is the initial one while nobody pays", () => {
    const chain = new ImaginedChain("genesis", "a");
    expect(new TipOracle(defaultTipOptions, chain).suggest()).toBe(defaultTipOptions.initial);
  });

  test("follows what the cheapest transactions of recent blocks pay", () => {
    const chain = new ImaginedChain("genesis");
    const oracle = new TipOracle({ ...defaultTipOptions, blocks: 3, samplesPerBlock: 2 }, chain);
    chain.addPaid("a", 1_000n, 1_000n);
    expect(oracle.suggest()).toBe(1_000n);
    // Three blocks: lowest two of each are 10, 20, 30, 40, 50, 60, of which the one at 60 % counts.
    chain.addPaid("b", 10n, 20n, 900n);
    chain.addPaid("c", 40n, 30n);
    chain.addPaid("d", 60n, 50n);
    expect(oracle.suggest()).toBe(40n);
  });

  test("stays within its bounds", () => {
    const chain = new ImaginedChain("genesis");
    const oracle = new TipOracle({ ...defaultTipOptions, least: 5n, most: 50n }, chain);
    chain.addPaid("a", 1n);
    expect(oracle.suggest()).toBe(5n);
    chain.addPaid("b", 10n ** 18n, 10n ** 18n, 10n ** 18n);
    expect(oracle.suggest()).toBe(50n);
  });
});
