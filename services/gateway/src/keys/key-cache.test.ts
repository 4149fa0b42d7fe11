import { describe, expect, test } from "@jest/globals";
import { FakeClock } from "@koinon/testkit/fake-clock";
import { KeyCache } from "./key-cache.ts";
import type { KeyRecord } from "./key-record.ts";

function keyRecord(id: string, revokedAtMs: number | null = null): KeyRecord {
  return {
    id,
    name: id,
    hash: new Uint8Array(32),
    scopes: ["inference"],
    consumer: "0x0000000000000000000000000000000000000001",
    state: "active",
    budget: 1n,
    requestsPerMinute: null,
    creator: "host",
    creation: null,
    creationDigest: new Uint8Array(32),
    createdAtMs: 0,
    expiresAtMs: null,
    revokedAtMs,
  };
}

class Store {
  readonly records = new Map<string, KeyRecord>();
  lookups = 0;
  isDown = false;
  /** When set, look-ups wait for it. */
  gate: Promise<void> | undefined;

  find = async (id: string): Promise<KeyRecord | undefined> => {
    this.lookups += 1;
    if (this.isDown) throw new Error("down");
    const record = this.records.get(id);
    await this.gate;
    return record;
  };
}

function setUp(options: { ttlMs?: number; keysMax?: number; lookupsMax?: number } = {}) {
  const clock = new FakeClock();
  const store = new Store();
  const cache = new KeyCache({ ttlMs: 1_000, keysMax: 10, lookupsMax: 4, ...options }, { clock, find: store.find });
  return { clock, store, cache };
}

describe("the key cache", () => {
  test("answers in the same turn while an answer is fresh", async () => {
    const { clock, store, cache } = setUp();
    store.records.set("a", keyRecord("a"));
    expect(await cache.get("a")).toEqual(keyRecord("a"));
    clock.advance(499);
    expect(cache.get("a")).toEqual(keyRecord("a"));
    expect(store.lookups).toBe(1);
  });

  test("a revocation elsewhere is seen after the time to live, never later", async () => {
    const { clock, store, cache } = setUp();
    store.records.set("a", keyRecord("a"));
    await cache.get("a");
    store.records.set("a", keyRecord("a", 5));
    clock.advance(999);
    const atTheBound = await cache.get("a");
    expect(atTheBound?.revokedAtMs).toBeNull();
    clock.advance(1);
    const after = await cache.get("a");
    expect(after?.revokedAtMs).toBe(5);
  });

  test("the age counts from the start of the look-up, not from its end", async () => {
    const { clock, store, cache } = setUp();
    store.records.set("a", keyRecord("a"));
    const gate = Promise.withResolvers<void>();
    store.gate = gate.promise;
    const first = cache.get("a");
    clock.advance(900);
    store.gate = undefined;
    gate.resolve();
    await first;
    clock.advance(100);
    store.records.set("a", keyRecord("a", 5));
    expect((await cache.get("a"))?.revokedAtMs).toBe(5);
  });

  test("a key in use is refreshed in the background after half its time", async () => {
    const { clock, store, cache } = setUp();
    store.records.set("a", keyRecord("a"));
    await cache.get("a");
    for (let round = 0; round < 5; round++) {
      clock.advance(600);
      expect([round, cache.get("a") instanceof Promise]).toEqual([round, false]);
      await settle();
    }
    expect(store.lookups).toBe(6);
  });

  test("fails closed when the store is down and the answer is too old", async () => {
    const { clock, store, cache } = setUp();
    store.records.set("a", keyRecord("a"));
    await cache.get("a");
    store.isDown = true;
    clock.advance(999);
    expect(await cache.get("a")).toBeDefined();
    clock.advance(1);
    await expect(cache.get("a")).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    store.isDown = false;
    expect(await cache.get("a")).toBeDefined();
  });

  test("one look-up serves everybody who waits for the same key", async () => {
    const { store, cache } = setUp();
    store.records.set("a", keyRecord("a"));
    await Promise.all(Array.from({ length: 50 }, () => cache.get("a")));
    expect(store.lookups).toBe(1);
  });

  test("look-ups in flight are bounded", async () => {
    const { store, cache } = setUp({ lookupsMax: 2 });
    const gate = Promise.withResolvers<void>();
    store.gate = gate.promise;
    const waiting = [cache.get("a"), cache.get("b")];
    await expect(cache.get("c")).rejects.toMatchObject({ code: "OVERLOADED" });
    gate.resolve();
    await Promise.all(waiting);
    expect(await cache.get("c")).toBeUndefined();
  });

  test("ids that do not exist can not push out keys that do", async () => {
    const { store, cache } = setUp({ keysMax: 3 });
    for (const id of ["a", "b", "c"]) store.records.set(id, keyRecord(id));
    for (const id of ["a", "b", "c"]) await cache.get(id);
    for (let guess = 0; guess < 20; guess++) expect(await cache.get(`x${guess}`)).toBeUndefined();
    const before = store.lookups;
    for (const id of ["a", "b", "c"]) expect([id, cache.get(id) instanceof Promise]).toEqual([id, false]);
    expect(store.lookups).toBe(before);
  });

  test("a change here is seen at once, also by a look-up that began before it", async () => {
    const { store, cache } = setUp();
    store.records.set("a", keyRecord("a"));
    const gate = Promise.withResolvers<void>();
    store.gate = gate.promise;
    const early = cache.get("a");
    await settle();
    store.records.set("a", keyRecord("a", 5));
    cache.forget("a");
    store.gate = undefined;
    gate.resolve();
    await early;
    expect((await cache.get("a"))?.revokedAtMs).toBe(5);
  });
});

async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await null;
}
