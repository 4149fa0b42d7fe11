import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { readWord, toBigInt, toWord, wordToAddress, wordToHex, writeWord } from "./word.ts";

const size = fc.integer({ min: 1, max: 256 });
const word = size.chain((bits) => fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n }));

test("a word survives memory, at any offset", () => {
  fc.assert(
    fc.property(word, fc.integer({ min: 0, max: 40 }), (value, offset) => {
      const view = new DataView(new Uint8Array(80).fill(0xff).buffer);
      writeWord(view, offset, toWord(value));
      expect(Buffer.from(view.buffer, offset, 32).toString("hex")).toBe(value.toString(16).padStart(64, "0"));
      expect(readWord(view, offset)).toBe(toWord(value));
      expect(wordToHex(toWord(value))).toBe(`0x${value.toString(16).padStart(64, "0")}`);
    }),
  );
});

test("an address is the low 160 bits", () => {
  fc.assert(
    fc.property(word, (value) => {
      expect(BigInt(wordToAddress(toWord(value)))).toBe(BigInt.asUintN(160, value));
      expect(wordToAddress(toWord(value))).toHaveLength(42);
    }),
  );
});

test("the forms meet at 2^31", () => {
  expect(toWord(0x7fff_ffffn)).toBe(0x7fff_ffff);
  expect(toWord(0x8000_0000n)).toBe(0x8000_0000n);
  expect(toBigInt(0x7fff_ffff)).toBe(0x7fff_ffffn);
});
