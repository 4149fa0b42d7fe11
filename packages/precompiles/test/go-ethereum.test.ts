import { describe, expect, test } from "@jest/globals";
import type { Fork } from "@koinon/ethereum/fork";
import type { Precompile } from "../src/precompile.ts";
import { precompiles } from "../src/precompiles.ts";
import { findVectors, readVectors } from "./go-ethereum.ts";

// File, contract, and the fork whose prices it holds.
const files: readonly (readonly [file: string, contract: number, fork: Fork])[] = [
  ["ecRecover", 0x01, "osaka"],
  ["modexp_eip2565", 0x05, "cancun"],
  ["modexp_eip2565", 0x05, "prague"],
  ["modexp_eip7883", 0x05, "osaka"],
];

const vectors = findVectors();

if ("missing" in vectors) {
  // Go, or a way to its module proxy, is not a requirement of this package.
  test(`go-ethereum's vectors were not run: ${vectors.missing}`, () => {
    process.stderr.write(`precompile vectors skipped: ${vectors.missing}\n`);
    expect(vectors.missing).not.toBe("");
  });
} else {
  describe.each(files)("%s, contract %d, %s", (file, contract, fork) => {
    test.each(readVectors(vectors.directory, file))("$name", ({ input, expected }) => {
      const precompile = at(fork, contract);
      const before = input.slice();
      const output = precompile.run(input);
      if ("error" in expected) {
        expect(output).toBeUndefined();
      } else {
        expect(output === undefined ? "failure" : Buffer.from(output).toString("hex")).toBe(expected.output);
        expect(precompile.gas(input)).toBe(expected.gas);
      }
      expect(input).toEqual(before);
    });
  });
}

function at(fork: Fork, contract: number): Precompile {
  const precompile = precompiles(fork).get(`0x${contract.toString(16).padStart(40, "0")}`);
  if (precompile === undefined) throw new Error(`${fork} has no contract ${contract}`);
  return precompile;
}
