import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { Database } from "../src/database.ts";
import { EntryNodes } from "../src/entry-nodes.ts";
import { hashedKey } from "../src/hashed-key.ts";
import { metaKeys, tables } from "../src/layout.ts";
import { formatWithLeaves } from "../src/migrate-leaves.ts";
import { isNodeKey, keyFromBytes, keyToBytes } from "../src/state-key.ts";
import { StateStore } from "../src/state-store.ts";
import { WriteBatch } from "../src/write-batch.ts";
import { createDice, randomChanges } from "./fixtures/random-changes.ts";
import { addressOf, hashOf, StateModel } from "./fixtures/state-model.ts";

const accounts = 60;
const fault = (code: string) => expect.objectContaining({ fault: expect.objectContaining({ code }) });
const block = (number: bigint) => ({ number, hash: hashOf(number), parentHash: hashOf(number - 1n) });

describe("a store whose tries have leaves", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "koinon-state-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  async function grow(store: StateStore, model: StateModel, seed: number, count: number): Promise<void> {
    const dice = createDice(seed);
    for (let index = 0; index < count; index++) {
      const changes = randomChanges(model, dice, { accounts, touched: 30 });
      model.apply(changes);
      const candidate = store.prepare(store.head?.hash, changes);
      expect(candidate.root).toBe(model.root());
      await store.commit(candidate, block((store.head?.number ?? -1n) + 1n));
    }
  }

  /** Puts the leaves back where the earlier layout had them. */
  async function takeBack(isArchive: boolean): Promise<number> {
    const database = new Database(folder, Object.values(tables));
    const source = { get: (key: string) => database.get(tables.state, keyToBytes(key)) };
    const batch = new WriteBatch();
    const owners = new Map(
      Array.from({ length: accounts }, (_, index) => [hashedKey(addressOf(index).slice(2)), addressOf(index)]),
    );
    let count = 0;
    for (const { key, value } of database.range(tables.state)) {
      const name = keyFromBytes(key);
      if (!isNodeKey(name) || value[0] !== 0) continue;
      const owner = name.startsWith("m") ? name.slice(1, 65) : undefined;
      const nodes =
        owner === undefined
          ? EntryNodes.ofAccounts(source)
          : EntryNodes.ofStorage(source, owners.get(owner) as string, owner);
      batch.putEntry(tables.state, name, nodes.node(owner === undefined ? name : name.slice(65)));
      count++;
    }
    batch.put(tables.meta, metaKeys.format, Uint8Array.of(formatWithLeaves, isArchive ? 1 : 0));
    await database.write(batch);
    await database.close();
    return count;
  }

  test("is brought to the present layout when it is opened, and goes on", async () => {
    const model = new StateModel();
    let store = new StateStore({ path: folder });
    await grow(store, model, 11, 12);
    const { head } = store;
    await store.close();
    expect(await takeBack(false)).toBeGreaterThan(accounts / 2);
    for (let opened = 0; opened < 2; opened++) {
      store = new StateStore({ path: folder });
      expect([store.head, store.oldest]).toEqual([head, 11n]);
      expect(store.verify().accounts).toBe(model.accounts.size);
      expect(() => store.at(10n)).toThrow(fault("HISTORY_PRUNED"));
      expect(() => store.at(hashOf(10n))).toThrow(fault("BLOCK_UNKNOWN"));
      await store.close();
    }
    store = new StateStore({ path: folder });
    await grow(store, model, 12, 12);
    await store.revert(11n);
    expect(store.head).toEqual(head);
    store.verify();
    await store.close();
  });

  test("is refused by a reader, which can not change it", async () => {
    const store = new StateStore({ path: folder });
    await grow(store, new StateModel(), 14, 1);
    await store.close();
    await takeBack(false);
    expect(() => new StateStore({ path: folder, readOnly: true })).toThrow(fault("STATE_FORMAT_UNSUPPORTED"));
  });

  test("is left as it is when it is an archive", async () => {
    const store = new StateStore({ path: folder, archive: true });
    await grow(store, new StateModel(), 13, 3);
    await store.close();
    await takeBack(true);
    expect(() => new StateStore({ path: folder, archive: true })).toThrow(fault("STATE_FORMAT_UNSUPPORTED"));
    expect(() => new StateStore({ path: folder })).toThrow(fault("STATE_FORMAT_UNSUPPORTED"));
  });
});
