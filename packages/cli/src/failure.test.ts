import { expect, test } from "@jest/globals";
import { DomainError, type Fault } from "@koinon/errors/domain-error";
import { failureOf } from "./failure.ts";

const ofChain: readonly (readonly [fault: Fault & Record<string, unknown>, exitCode: 1 | 2, words: string])[] = [
  [{ code: "GENESIS_UNSUPPORTED", path: "config.x", reason: "no such rule is known" }, 2, "config.x no such rule"],
  [
    { code: "GENESIS_MISMATCH", stored: "0x12", given: "0x34" },
    1,
    "began with block 0x12, the genesis file makes 0x34",
  ],
  [{ code: "BLOCK_FILE_ELSEWHERE", block: 7n, reason: "the chain has another block" }, 1, "of another chain: block 7"],
  [{ code: "BLOCK_REFUSED", block: 7n, reason: "its parent is not on the chain" }, 1, "block 7 of the file is refused"],
];

test.each(ofChain)("%s is told in words", (fault, exitCode, words) => {
  const failure = failureOf(new DomainError(fault));
  expect(failure).toEqual({ words: expect.stringContaining(words), exitCode, isUsage: false });
  expect(failure.words).not.toContain(fault.code);
});
