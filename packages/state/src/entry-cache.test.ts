import { describe, expect, test } from "@jest/globals";
import { bytesToHex } from "@koinon/secp256k1/hex";
import fc from "fast-check";
import { EntryCache } from "./entry-cache.ts";
import { PackedKey } from "./packed-key.ts";
import { accountKey, accountNodeKey, type StateKey, slotKey, storageNodeKey } from "./state-key.ts";
import type { StateDelta } from "./state-source.ts";

const address = fc.uint8Array({ minLength: 20, maxLength: 20 }).map(bytesToHex);
const digits = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => bytesToHex(bytes).slice(2));
const path = fc.tuple(digits, fc.nat({ max: 64 })).map(([all, length]) => all.slice(0, length));
const key: fc.Arbitrary<StateKey> = fc.oneof(
  address.map(accountKey),
  fc.tuple(address, fc.bigInt({ min: 0n, max: 2n ** 256n - 1n })).map(([owner, slot]) => slotKey(owner, slot)),
  path.map(accountNodeKey),
  fc.tuple(digits, path).map(([owner, place]) => storageNodeKey(owner, place)),
);
const value = fc.option(fc.uint8Array({ minLength: 1, maxLength: 600 }), { nil: undefined });

/** The same few keys over and over. */
const steps = fc
  .tuple(
    fc.uniqueArray(key, { minLength: 1, maxLength: 60 }),
    fc.array(fc.tuple(fc.constantFrom("get", "get", "get", "apply", "clear"), fc.nat(), value), { maxLength: 400 }),
  )
  .map(([keys, list]) =>
    list.map(([act, index, bytes]) => ({ act, key: keys[index % keys.length] as StateKey, bytes })),
  );

const change = (name: StateKey, after: Uint8Array | undefined): StateDelta =>
  new Map([[name, { before: undefined, after }]]);

describe("the cache of entries", () => {
  test("answers what is stored, whatever it has room for, and never changes an answer", () => {
    fc.assert(
      fc.property(steps, fc.constantFrom(0, 3000, 20_000, 1 << 20), (list, sizeBytes) => {
        const cache = new EntryCache(sizeBytes);
        const stored = new Map<StateKey, Uint8Array>();
        const answers: [Uint8Array, string][] = [];
        for (const { act, key: name, bytes } of list) {
          if (act === "clear") cache.clear();
          if (act === "apply") {
            if (bytes === undefined) stored.delete(name);
            else stored.set(name, bytes);
            cache.apply(change(name, bytes));
          }
          const answer = cache.get(name, () => stored.get(name));
          expect(answer).toEqual(stored.get(name));
          if (answer !== undefined) answers.push([answer, bytesToHex(answer)]);
        }
        for (const [answer, asGiven] of answers) expect(bytesToHex(answer)).toBe(asGiven);
      }),
      { numRuns: 300 },
    );
  });

  const numbered = (index: number) => accountKey(`0x${index.toString(16).padStart(40, "0")}`);
  const word = (index: number) => Uint8Array.from({ length: 100 }, (_, place) => index >> (place % 24));
  const unread = (): never => {
    throw new Error("read");
  };

  test("holds as many entries as its size says, and what is used stays while others go", () => {
    const cache = new EntryCache(1 << 20);
    const count = 6000;
    for (let index = 0; index < count; index++) cache.apply(change(numbered(index), word(index)));
    let held = 0;
    for (let index = 0; index < count; index++) {
      const isHeld = cache.get(numbered(index), () => Uint8Array.of(1))?.length === 100;
      if (isHeld) held++;
    }
    // A few meet more than eight others in the index, and push out another when they are asked for.
    expect(held).toBeGreaterThan(count * 0.9);
    const used = accountNodeKey("abc");
    cache.apply(change(used, word(7)));
    for (let index = 0; index < 5 * count; index++) {
      cache.apply(change(numbered(count + index), word(index)));
      if (index % 100 === 0) expect(cache.get(used, unread)).toEqual(word(7));
    }
    let read = 0;
    cache.get(numbered(0), () => void read++);
    expect(read).toBe(1);
  });

  test("remembers that there is nothing", () => {
    const cache = new EntryCache(1 << 20);
    expect(cache.get(numbered(1), () => undefined)).toBeUndefined();
    expect(cache.get(numbered(1), unread)).toBeUndefined();
    cache.apply(change(numbered(1), word(1)));
    expect(cache.get(numbered(1), unread)).toEqual(word(1));
    cache.clear();
    expect(cache.get(numbered(1), () => undefined)).toBeUndefined();
  });

  test("is right for keys that all have one place in its index", () => {
    const sizeBytes = 1 << 20;
    const packed = new PackedKey();
    const colliding: StateKey[] = [];
    for (let index = 0; colliding.length < 40; index++) {
      packed.set(numbered(index));
      if ((packed.hash & 0x7ff) === 0) colliding.push(numbered(index));
    }
    const cache = new EntryCache(sizeBytes);
    for (const [index, name] of colliding.entries()) cache.apply(change(name, word(index)));
    for (const [index, name] of colliding.entries()) expect(cache.get(name, () => word(index))).toEqual(word(index));
    // The newest of them are still there.
    expect(cache.get(colliding.at(-1) as StateKey, unread)).toEqual(word(39));
  });
});

describe("packed keys", () => {
  test("are different for different keys", () => {
    const packed = new PackedKey();
    const textOf = (name: StateKey): string => {
      packed.set(name);
      return `${packed.shape} ${packed.words.subarray(0, packed.length).join(" ")}`;
    };
    fc.assert(
      fc.property(key, key, (a, b) => expect(textOf(a) === textOf(b)).toBe(a === b)),
      { numRuns: 1000 },
    );
    expect(textOf(accountNodeKey(""))).not.toBe(textOf(accountNodeKey("0")));
    expect(textOf(accountNodeKey("1"))).not.toBe(textOf(accountNodeKey("01")));
    const owner = "ab".repeat(32);
    expect(textOf(storageNodeKey(owner, ""))).not.toBe(textOf(accountNodeKey(owner)));
    expect(textOf(accountNodeKey("ab".repeat(20)))).not.toBe(textOf(accountKey(`0x${"ab".repeat(20)}`)));
  });
});
