import { beforeEach, describe, expect, test } from "@jest/globals";
import type { KeyRecord } from "../../src/keys/key-record.ts";
import type { KeyStore } from "../../src/store/key-store.ts";

/** A key with an id made from a number. */
export function keyRecord(number: number, changes: Partial<KeyRecord> = {}): KeyRecord {
  return {
    id: number.toString(16).padStart(16, "0"),
    name: `key ${number}`,
    hash: Buffer.alloc(32, number),
    scopes: ["inference", "receipts"],
    consumer: "0x00000000000000000000000000000000000000aa",
    state: "opening",
    budget: 340282366920938463463374607431768211455n,
    requestsPerMinute: 60,
    creator: "host",
    creation: null,
    creationDigest: Buffer.alloc(32, number),
    createdAtMs: 1_000 + number,
    expiresAtMs: null,
    revokedAtMs: null,
    ...changes,
  };
}

/** What every key store does. */
export function describeKeyStore(title: string, setUp: () => Promise<KeyStore>): void {
  describe(title, () => {
    let store: KeyStore;
    beforeEach(async () => {
      store = await setUp();
    });

    test("a key comes back as it was put in", async () => {
      const records = [
        keyRecord(1),
        keyRecord(2, {
          scopes: ["admin"],
          budget: 0n,
          requestsPerMinute: null,
          expiresAtMs: 9_007_199_254_740_991,
          creation: "name",
        }),
      ];
      for (const record of records) {
        expect(await store.insert(record)).toEqual(record);
        expect(plain(await store.find(record.id))).toEqual(plain(record));
      }
      expect(await store.find("ffffffffffffffff")).toBeUndefined();
    });

    test("a second key of the same id, or of the same creation, is not put in", async () => {
      const first = keyRecord(1, { creation: "order" });
      await store.insert(first);
      expect(plain(await store.insert(keyRecord(1, { name: "other", creation: "other" })))).toEqual(plain(first));
      expect(plain(await store.insert(keyRecord(2, { creation: "order" })))).toEqual(plain(first));
      expect(await store.find(keyRecord(2).id)).toBeUndefined();
      const ofAnother = keyRecord(3, { creator: "another", creation: "order" });
      expect(plain(await store.insert(ofAnother))).toEqual(plain(ofAnother));
    });

    test("of many that put in the same creation at once all see one key", async () => {
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, number) => store.insert(keyRecord(number, { creation: "race" }))),
      );
      expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    });

    test("keys without a creation's name do not collide", async () => {
      for (let number = 0; number < 3; number++) await store.insert(keyRecord(number));
      expect(await store.list(10, undefined)).toHaveLength(3);
    });

    test("activating keeps everything else", async () => {
      await store.insert(keyRecord(1));
      await store.activate(keyRecord(1).id);
      expect(plain(await store.find(keyRecord(1).id))).toEqual(plain(keyRecord(1, { state: "active" })));
      await store.activate("ffffffffffffffff");
    });

    test("the first revocation counts", async () => {
      await store.insert(keyRecord(1));
      expect(await store.revoke(keyRecord(1).id, 5_000)).toMatchObject({ revokedAtMs: 5_000 });
      expect(await store.revoke(keyRecord(1).id, 6_000)).toMatchObject({ revokedAtMs: 5_000 });
      expect((await store.find(keyRecord(1).id))?.revokedAtMs).toBe(5_000);
      expect(await store.revoke("ffffffffffffffff", 1)).toBeUndefined();
    });

    test("pages go through all keys once, newest first, also where times are equal", async () => {
      for (let number = 0; number < 25; number++) {
        await store.insert(keyRecord(number, { createdAtMs: Math.floor(number / 4) }));
      }
      const seen: string[] = [];
      let after: { createdAtMs: number; id: string } | undefined;
      for (let page = 0; page < 10; page++) {
        const keys = await store.list(4, after);
        seen.push(...keys.map(({ id }) => id));
        after = keys.at(-1);
        if (after === undefined) break;
      }
      expect(seen).toEqual(Array.from({ length: 25 }, (_, index) => keyRecord(24 - index).id));
    });

    test("what waits for its account is listed oldest first, without what is active, revoked or too young", async () => {
      for (let number = 0; number < 6; number++) await store.insert(keyRecord(number));
      await store.activate(keyRecord(1).id);
      await store.revoke(keyRecord(2).id, 1);
      const ids = async (limit: number, before: number) => (await store.listOpening(limit, before)).map(({ id }) => id);
      expect(await ids(10, 1_005)).toEqual([keyRecord(0).id, keyRecord(3).id, keyRecord(4).id]);
      expect(await ids(1, 1_005)).toEqual([keyRecord(0).id]);
      expect(await ids(10, 1_000)).toEqual([]);
    });
  });
}

// Bytes may come back as another class of byte array.
function plain(record: KeyRecord | undefined) {
  return record && { ...record, hash: [...record.hash], creationDigest: [...record.creationDigest] };
}
