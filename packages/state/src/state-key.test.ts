import { describe, expect, test } from "@jest/globals";
import { bytesToHex } from "@koinon/secp256k1/hex";
import fc from "fast-check";
import { hashedKey } from "./hashed-key.ts";
import {
  accountKey,
  accountNodeKey,
  isAccountKey,
  isNodeKey,
  isSlotKey,
  keyBytes,
  keyFromBytes,
  keyToBytes,
  slotKey,
  slotRange,
  storageNodeKey,
} from "./state-key.ts";

const address = fc.uint8Array({ minLength: 20, maxLength: 20 }).map(bytesToHex);
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => bytesToHex(bytes).slice(2));
const path = fc.tuple(hash, fc.nat({ max: 64 })).map(([digits, length]) => digits.slice(0, length));
const word = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n });

describe("state keys", () => {
  test("come back from disk as they were, and are told apart", () => {
    fc.assert(
      fc.property(address, hash, path, word, (owner, ownerHash, place, slot) => {
        const kinds = [
          { key: accountKey(owner), node: false, account: true, slot: false },
          { key: slotKey(owner, slot), node: false, account: false, slot: true },
          { key: accountNodeKey(place), node: true, account: false, slot: false },
          { key: storageNodeKey(ownerHash, place), node: true, account: false, slot: false },
        ];
        for (const kind of kinds) {
          const bytes = keyToBytes(kind.key);
          expect(bytes.length).toBe(keyBytes(kind.key));
          expect(keyFromBytes(bytes)).toBe(kind.key);
          const { key } = kind;
          expect({ key, node: isNodeKey(key), account: isAccountKey(key), slot: isSlotKey(key) }).toEqual(kind);
        }
      }),
      { numRuns: 500 },
    );
  });

  test("of slots are within the range of their account, and between the nodes on their path", () => {
    fc.assert(
      fc.property(address, word, (owner, slot) => {
        const { start, end } = slotRange(owner);
        const bytes = keyToBytes(slotKey(owner, slot));
        expect(Buffer.compare(start, bytes)).toBe(-1);
        expect(Buffer.compare(bytes, end)).toBe(-1);
        const place = hashedKey(slot.toString(16).padStart(64, "0"));
        const above = keyToBytes(storageNodeKey(hashedKey(owner.slice(2)), place.slice(0, 5)));
        expect(Buffer.compare(above, bytes)).toBe(-1);
      }),
    );
  });
});
