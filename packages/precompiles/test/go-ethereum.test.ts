import { describe, expect, test } from "@jest/globals";
import type { Fork } from "@koinon/ethereum/fork";
import { at, outcome } from "./at.ts";
import { findVectors, readVectors } from "./go-ethereum.ts";

// File, contract, and the fork whose prices it holds.
const files: readonly (readonly [file: string, contract: number, fork: Fork])[] = [
  ["ecRecover", 0x01, "osaka"],
  ["modexp_eip2565", 0x05, "cancun"],
  ["modexp_eip2565", 0x05, "prague"],
  ["modexp_eip7883", 0x05, "osaka"],
  ["bn256Add", 0x06, "osaka"],
  ["bn256ScalarMul", 0x07, "osaka"],
  ["bn256Pairing", 0x08, "osaka"],
  ["blake2F", 0x09, "osaka"],
  ["fail-blake2f", 0x09, "osaka"],
  ["pointEvaluation", 0x0a, "osaka"],
  ["blsG1Add", 0x0b, "prague"],
  ["fail-blsG1Add", 0x0b, "prague"],
  ["blsG1Mul", 0x0c, "prague"],
  ["fail-blsG1Mul", 0x0c, "prague"],
  ["blsG1MultiExp", 0x0c, "prague"],
  ["fail-blsG1MultiExp", 0x0c, "prague"],
  ["blsG2Add", 0x0d, "prague"],
  ["fail-blsG2Add", 0x0d, "prague"],
  ["blsG2Mul", 0x0e, "prague"],
  ["fail-blsG2Mul", 0x0e, "prague"],
  ["blsG2MultiExp", 0x0e, "prague"],
  ["fail-blsG2MultiExp", 0x0e, "prague"],
  ["blsPairing", 0x0f, "prague"],
  ["fail-blsPairing", 0x0f, "prague"],
  ["blsMapG1", 0x10, "prague"],
  ["fail-blsMapG1", 0x10, "prague"],
  ["blsMapG2", 0x11, "prague"],
  ["fail-blsMapG2", 0x11, "prague"],
  ["p256Verify", 0x100, "osaka"],
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
      const precompile = at(contract, fork);
      const before = input.slice();
      expect(outcome(precompile, input)).toBe("error" in expected ? "failure" : expected.output);
      if ("gas" in expected) expect(precompile.gas(input)).toBe(expected.gas);
      expect(Buffer.compare(input, before)).toBe(0);
    });
  });
}
