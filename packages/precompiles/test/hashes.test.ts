import { expect, test } from "@jest/globals";
import { ripemd160 } from "@noble/hashes/legacy.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { at, hex, outcome } from "./at.ts";

// Around the sizes of blocks, of padding, and at which the implementation changes.
const lengths = [0, 1, 31, 32, 33, 55, 56, 63, 64, 65, 119, 127, 128, 255, 256, 257, 1024, 5000];
const messages = lengths.map((length) => Uint8Array.from({ length }, (_, index) => (index * 7 + length) & 0xff));

test("SHA-256 and RIPEMD-160 are those of @noble/hashes", () => {
  for (const message of messages) {
    expect([message.length, outcome(at(0x02), message)]).toEqual([message.length, hex(sha256(message))]);
    const padded = `${"00".repeat(12)}${hex(ripemd160(message))}`;
    expect([message.length, outcome(at(0x03), message)]).toEqual([message.length, padded]);
  }
});

test("the identity returns its input", () => {
  for (const message of messages) expect(outcome(at(0x04), message)).toBe(hex(message));
});

test("every begun word is paid for", () => {
  const gas = (contract: number, length: number): number => at(contract).gas(new Uint8Array(length));
  expect([0, 1, 32, 33, 64].map((length) => gas(0x02, length))).toEqual([60, 72, 72, 84, 84]);
  expect([0, 1, 32, 33, 64].map((length) => gas(0x03, length))).toEqual([600, 720, 720, 840, 840]);
  expect([0, 1, 32, 33, 64].map((length) => gas(0x04, length))).toEqual([15, 18, 18, 21, 21]);
});
