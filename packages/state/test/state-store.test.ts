import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { emptyCodeHash } from "@koinon/ethereum/account";
import { bytesToHex } from "@koinon/secp256k1/hex";
import { keccak256 } from "@koinon/secp256k1/keccak";
import { Database } from "../src/database.ts";
import { metaKeys, stateFormat, tables } from "../src/layout.ts";
import type { StateFault } from "../src/state-error.ts";
import { type StateOptions, StateStore } from "../src/state-store.ts";
import { WriteBatch } from "../src/write-batch.ts";
import { numberedBlock } from "./fixtures/numbered-blocks.ts";
import { addressOf, changesOf, hashOf, plainAccount } from "./fixtures/state-model.ts";

const a = addressOf(1);
const b = addressOf(2);
const pay = (address: typeof a, balance: bigint) =>
  changesOf({ accounts: new Map([[address, plainAccount(0n, balance)]]) });
const text = (value: string) => new TextEncoder().encode(value);
const fault = (facts: Partial<StateFault>) => expect.objectContaining({ fault: expect.objectContaining(facts) });

describe("StateStore", () => {
  let folder = "";
  let store: StateStore;
  const reopen = async (options: Partial<StateOptions> = {}) => {
    await store?.close();
    store = new StateStore({ path: folder, tables: ["bodies"], ...options });
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "koinon-state-"));
    store = new StateStore({ path: folder, tables: ["bodies"] });
  });
  afterEach(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });

  async function grow(to: bigint): Promise<void> {
    for (let number = (store.head?.number ?? -1n) + 1n; number <= to; number++) {
      await store.commit(store.prepare(store.head?.hash, pay(a, number)), numberedBlock(number));
    }
  }

  test("is empty at first, and its first block may have any number", async () => {
    expect(store.head).toBeUndefined();
    const genesis = store.prepare(undefined, changesOf({}));
    expect(genesis.root).toBe("0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421");
    await store.commit(genesis, numberedBlock(1000n));
    await grow(1002n);
    expect(store.at(1000n).account(a)).toBeUndefined();
    expect(store.at(1002n).account(a)?.balance).toBe(1002n);
    expect(() => store.at(999n)).toThrow(fault({ code: "HISTORY_PRUNED" }));
    expect(() => store.at(1003n)).toThrow(fault({ code: "BLOCK_UNKNOWN" }));
    expect(() => store.at(hashOf(5n, 5))).toThrow(fault({ code: "BLOCK_UNKNOWN" }));
  });

  test("commits a candidate once, on its parent only, and under the name that follows", async () => {
    await grow(1n);
    const head = store.head?.hash;
    const first = store.prepare(head, pay(b, 1n));
    const rival = store.prepare(head, pay(b, 2n));
    const onRival = store.prepare(rival, pay(b, 3n));
    const commit = (candidate: typeof first, number = 2n, parent = hashOf(1n)) =>
      store.commit(candidate, { number, hash: hashOf(number), parentHash: parent });
    await expect(commit(first, 3n)).rejects.toEqual(fault({ code: "CANDIDATE_STALE", reason: "number" }));
    await expect(commit(first, 2n, hashOf(9n))).rejects.toEqual(
      fault({ code: "CANDIDATE_STALE", reason: "parent-hash" }),
    );
    await expect(commit(onRival)).rejects.toEqual(fault({ code: "CANDIDATE_STALE", reason: "parent-not-committed" }));
    await commit(first);
    await expect(commit(first)).rejects.toEqual(fault({ code: "CANDIDATE_STALE", reason: "committed" }));
    await expect(commit(rival)).rejects.toEqual(fault({ code: "CANDIDATE_STALE", reason: "parent-not-head" }));
    await expect(commit(store.prepare(undefined, pay(b, 1n)))).rejects.toEqual(
      fault({ code: "CANDIDATE_STALE", reason: "parent-not-head" }),
    );
    expect(onRival.state.account(b)?.balance).toBe(3n);
    rival.discard();
    expect(() => onRival.state.account(a)).toThrow(fault({ code: "CANDIDATE_STALE", reason: "discarded" }));
    await expect(commit(rival)).rejects.toEqual(fault({ code: "CANDIDATE_STALE", reason: "discarded" }));
    expect(store.head?.number).toBe(2n);
    expect(first.state.account(b)?.balance).toBe(1n);
  });

  test("writes the user's tables with the block or not at all, and reads them with the head", async () => {
    const put = (candidate = store.prepare(store.head?.hash, pay(a, 1n)), number = (store.head?.number ?? -1n) + 1n) =>
      store.commit(candidate, numberedBlock(number), {
        write: (tables) => tables.put("bodies", text(`k${number}`), text(`v${number}`)),
      });
    await put();
    const bodies = store.table("bodies");
    const later = put();
    expect(bodies.get(text("k1"))).toBeUndefined();
    await later;
    expect(bodies.get(text("k1"))).toEqual(text("v1"));
    const keys = (range = {}) => [...bodies.range(range)].map(({ key }) => new TextDecoder().decode(key));
    await store.write((tables) => {
      tables.put("bodies", text("k2"), text("x"));
      tables.remove("bodies", text("k0"));
    });
    expect(keys()).toEqual(["k1", "k2"]);
    expect(keys({ reverse: true, limit: 1 })).toEqual(["k2"]);
    expect(keys({ start: text("k1"), end: text("k2") })).toEqual(["k1"]);
    const names = ["a", "b", "c", "d", "e"];
    await store.write((tables) => {
      for (const name of names) tables.put("bodies", text(name), text(name));
    });
    for (const start of ["", "a", "aa", "b", "e", "f"]) {
      for (const end of ["", "a", "c", "cc", "e", "f"]) {
        for (const reverse of [false, true]) {
          const bounds = { ...(start && { start: text(start) }), ...(end && { end: text(end) }), reverse };
          const inRange = (name: string) =>
            reverse
              ? (!start || name <= start) && (!end || name > end)
              : (!start || name >= start) && (!end || name < end);
          const wanted = names.filter(inRange);
          const found = keys(bounds).filter((key) => names.includes(key));
          expect({ start, end, found }).toEqual({ start, end, found: reverse ? wanted.reverse() : wanted });
        }
      }
    }
    const failing = store.prepare(store.head?.hash, pay(a, 5n));
    const thrown = store.commit(failing, numberedBlock(2n), {
      write: () => {
        throw new Error("no");
      },
    });
    await expect(thrown).rejects.toThrow("no");
    const long = store.commit(failing, numberedBlock(2n), {
      write: (tables) => tables.put("bodies", new Uint8Array(1001), text("x")),
    });
    await expect(long).rejects.toEqual(fault({ code: "KEY_INVALID" }));
    const unknown = store.commit(failing, numberedBlock(2n), {
      write: (tables) => tables.put("other", text("k"), text("x")),
    });
    await expect(unknown).rejects.toEqual(fault({ code: "TABLE_UNKNOWN" }));
    expect(store.head?.number).toBe(1n);
    await store.commit(failing, numberedBlock(2n), { write: (tables) => tables.put("bodies", text("k3"), text("y")) });
    await reopen();
    expect(store.head?.number).toBe(2n);
    expect(new TextDecoder().decode(store.table("bodies").get(text("k3")))).toBe("y");
  });

  test("keeps as many blocks readable as it was told, to the block", async () => {
    await reopen({ historyBlocks: 256 });
    await grow(300n);
    expect(store.oldest).toBe(44n);
    expect(store.at(44n).account(a)?.balance).toBe(44n);
    const old = store.at(44n);
    expect(() => store.at(43n)).toThrow(fault({ code: "HISTORY_PRUNED", oldest: 44n }));
    await grow(301n);
    expect(() => old.account(a)).toThrow(fault({ code: "HISTORY_PRUNED", block: 44n, oldest: 45n }));
    expect(store.at(300n).account(a)?.balance).toBe(300n);
    await reopen({ historyBlocks: 250 });
    await grow(305n);
    expect(store.oldest).toBe(55n);
    await expect(store.revert(54n)).rejects.toEqual(fault({ code: "BLOCK_UNKNOWN" }));
    await store.revert(55n);
    expect(store.head?.hash).toBe(hashOf(55n));
    expect(store.verify()).toEqual({ accounts: 1, slots: 0, nodes: 1 });
  });

  test("after a revert, readers of blocks that are gone say so, and other blocks may take their place", async () => {
    await grow(10n);
    const gone = store.at(9n);
    const kept = store.at(5n);
    await store.revert(hashOf(6n), { write: (tables) => tables.put("bodies", text("canonical"), text("6")) });
    expect(() => gone.account(a)).toThrow(fault({ code: "BLOCK_UNKNOWN" }));
    expect(kept.account(a)?.balance).toBe(5n);
    expect(store.block(hashOf(7n))).toBeUndefined();
    for (let number = 7n; number < 12n; number++) {
      const id = { number, hash: hashOf(number, 1), parentHash: number === 7n ? hashOf(6n) : hashOf(number - 1n, 1) };
      await store.commit(store.prepare(store.head?.hash, pay(a, 100n + number)), id);
    }
    expect(() => gone.account(a)).toThrow(fault({ code: "BLOCK_UNKNOWN" }));
    expect(kept.account(a)?.balance).toBe(5n);
    expect(store.at(9n).account(a)?.balance).toBe(109n);
  });

  test("stores code once, and tells of code that it never saw", async () => {
    const code = text("some code");
    const codeHash = bytesToHex(keccak256(code));
    const changes = changesOf({
      accounts: new Map([[a, { nonce: 1n, balance: 0n, codeHash }]]),
      code: new Map([[codeHash, code]]),
    });
    const candidate = store.prepare(undefined, changes);
    expect(candidate.state.code(codeHash)).toEqual(code);
    await store.commit(candidate, numberedBlock(0n));
    expect(store.at(0n).code(codeHash)).toEqual(code);
    expect(candidate.state.code(codeHash)).toEqual(code);
    expect(store.at(0n).code(emptyCodeHash)).toEqual(new Uint8Array(0));
    expect(() => store.at(0n).code(hashOf(1n))).toThrow(fault({ code: "CODE_MISSING" }));
  });

  test("refuses storage of an account that is not there", () => {
    const changes = changesOf({ storage: new Map([[a, new Map([[1n, 1n]])]]) });
    expect(() => store.prepare(undefined, changes)).toThrow(fault({ code: "CHANGES_INVALID" }));
  });

  test("is an archive or not from its first block on", async () => {
    await grow(1n);
    await store.close();
    expect(() => new StateStore({ path: folder, archive: true })).toThrow(
      fault({ code: "ARCHIVE_MISMATCH", stored: false }),
    );
  });

  test("refuses the layout of another release, and says what to do", async () => {
    await grow(1n);
    await store.close();
    const database = new Database(folder, Object.values(tables));
    const batch = new WriteBatch();
    batch.put(tables.meta, metaKeys.format, Uint8Array.of(stateFormat + 1, 0));
    await database.write(batch);
    await database.close();
    for (const readOnly of [false, true]) {
      const open = () => new StateStore({ path: folder, readOnly });
      expect(open).toThrow(
        fault({ code: "STATE_FORMAT_UNSUPPORTED", format: stateFormat + 1, supported: stateFormat }),
      );
      expect(open).toThrow("export a snapshot");
    }
  });

  test("takes nothing after it was closed", async () => {
    await grow(1n);
    const { head } = store;
    const candidate = store.prepare(head?.hash, pay(a, 9n));
    await store.close();
    await expect(store.commit(candidate, numberedBlock(2n))).rejects.toEqual(fault({ code: "STATE_CLOSED" }));
    expect(() => store.at(1n)).toThrow(fault({ code: "STATE_CLOSED" }));
    store = new StateStore({ path: folder, tables: ["bodies"] });
    expect(store.head).toEqual(head);
  });
});
