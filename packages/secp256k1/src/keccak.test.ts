import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { bytesToHex } from "./hex.ts";
import { blocksMax, rateBytes } from "./keccak-absorb.ts";
import * as browser from "./keccak-browser.ts";
import * as node from "./keccak-node.ts";

describe("keccak-256", () => {
  // Known from everywhere: the hash of nothing is an account's without code, that of the RLP of nothing an empty trie's root.
  test.each([
    [Uint8Array.of(), "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"],
    [Uint8Array.of(0x80), "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"],
    [new TextEncoder().encode("abc"), "0x4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"],
  ])("%p", (bytes, hash) => {
    expect(bytesToHex(node.keccak256(bytes))).toBe(hash);
    expect(bytesToHex(browser.keccak256(bytes))).toBe(hash);
  });

  test("is the same in both variants at every length around a block's end, and where input goes in by chunks", () => {
    const chunk = blocksMax * rateBytes;
    const lengths = Array.from({ length: 3 * rateBytes + 2 }, (_, length) => length);
    for (const length of [...lengths, chunk - 1, chunk, chunk + 1, 2 * chunk + 57, 300_000]) {
      const bytes = Uint8Array.from({ length }, (_, index) => index * 7 + length);
      expect([length, bytesToHex(node.keccak256(bytes))]).toEqual([length, bytesToHex(browser.keccak256(bytes))]);
    }
  });

  test("is the same in both variants for anything, also for parts of larger arrays", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1_000 }), fc.nat(20), (bytes, start) => {
        const part = bytes.subarray(start);
        expect(node.keccak256(part)).toEqual(browser.keccak256(part));
        for (const { writeKeccak256 } of [node, browser]) {
          const target = new Uint8Array(40).fill(0xff);
          writeKeccak256(part, target, 3);
          const around = [...new Uint8Array(3).fill(0xff), ...node.keccak256(part), ...new Uint8Array(5).fill(0xff)];
          expect([...target]).toEqual(around);
        }
      }),
    );
  });

  test("in place, the digest is there until the next one; a returned one stays", () => {
    for (const { keccak256, keccak256InPlace } of [node, browser]) {
      const first = keccak256(Uint8Array.of(1));
      const view = keccak256InPlace(Uint8Array.of(2));
      expect(new Uint8Array(view.buffer, view.byteOffset, 32)).toEqual(keccak256(Uint8Array.of(2)));
      expect(keccak256InPlace(Uint8Array.of(3))).toBe(view);
      expect(first).toEqual(browser.keccak256(Uint8Array.of(1)));
    }
  });
});
