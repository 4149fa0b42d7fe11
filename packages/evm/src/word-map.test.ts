import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { toWord } from "./word.ts";
import { WordHash, WordMap } from "./word-map.ts";

const secret = 0x9e3779b97f4a7c15f39cc0605cedc8341082276bf3a27251f86c6a11d0c18e95n;

test("a word map is a map, in order of arrival", () => {
  const key = fc.oneof(
    fc.bigInt({ min: 0n, max: 20n }),
    fc.constantFrom(1n << 64n, 1n << 128n, (1n << 128n) + 1n, 1n << 255n, (1n << 31n) - 1n, 1n << 31n),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(key, fc.integer())), (writes) => {
      const model = new Map<bigint, number>();
      const map = new WordMap<number>(new WordHash(secret));
      for (const [slot, value] of writes) {
        expect(map.get(toWord(slot))).toBe(model.get(slot));
        model.set(slot, value);
        map.set(toWord(slot), value);
      }
      expect(map.entries().map(({ key: slot, value }) => [BigInt(slot), value])).toEqual([...model]);
    }),
  );
});

test("slots that fall together in a plain map do not here", () => {
  for (const hasher of [new WordHash(secret), new WordHash(0n), new WordHash(1n)]) {
    for (const shift of [40n, 64n, 128n, 240n]) {
      const hashes = new Set<number>();
      for (let index = 1n; index <= 4_096n; index++) hashes.add(hasher.hash(index << shift));
      expect(hashes.size).toBeGreaterThan(4_000);
    }
  }
});
