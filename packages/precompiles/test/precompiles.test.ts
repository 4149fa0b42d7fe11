import { expect, test } from "@jest/globals";
import { forks } from "@koinon/ethereum/fork";
import fc from "fast-check";
import { precompiles } from "../src/precompiles.ts";

test("each fork has its contracts", () => {
  const count = (fork: (typeof forks)[number]): number[] => [...precompiles(fork).keys()].map(Number);
  const oneTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);
  expect(count("cancun")).toEqual(oneTo(0x0a));
  expect(count("prague")).toEqual(oneTo(0x11));
  expect(count("osaka")).toEqual([...oneTo(0x11), 0x100]);
  for (const fork of forks)
    for (const address of precompiles(fork).keys()) expect(address).toMatch(/^0x0{37}[0-9a-f]{3}$/);
});

test("whatever the input: a safe amount of gas, no exception, the input untouched, output in memory of its own", () => {
  for (const fork of forks) {
    for (const [address, precompile] of precompiles(fork)) {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 800 }), (input) => {
          const before = Uint8Array.from(input);
          const gas = precompile.gas(input);
          expect(Number.isSafeInteger(gas) && gas >= 0).toBe(true);
          // Nobody runs what nobody can pay.
          if (gas > 30_000_000) return;
          const output = precompile.run(input);
          output?.fill(0xee);
          expect([address, input]).toEqual([address, before]);
          if (output !== undefined) expect(precompile.run(input)).not.toBe(output);
        }),
        { numRuns: 20 },
      );
    }
  }
});
