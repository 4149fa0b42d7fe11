import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { StateStore } from "../src/state-store.ts";
import { addressOf, changesOf, hashOf, plainAccount } from "./fixtures/state-model.ts";

const address = addressOf(1);
const fault = (code: string) => expect.objectContaining({ fault: expect.objectContaining({ code }) });

describe("a store that another one writes", () => {
  let folder = "";
  let writer: StateStore;
  let reader: StateStore;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "koinon-state-"));
    writer = new StateStore({ path: folder, tables: ["bodies"] });
    reader = new StateStore({ path: folder, tables: ["bodies"], readOnly: true });
  });
  afterEach(async () => {
    await reader.close();
    await writer.close();
    rmSync(folder, { recursive: true });
  });

  /** Commits a block in which the account has this balance. */
  async function commit(number: bigint, balance: bigint, salt = 0): Promise<void> {
    const changes = changesOf({
      accounts: new Map([[address, plainAccount(0n, balance)]]),
      storage: new Map([[address, [[7n, balance]]]]),
    });
    const parentHash = writer.head?.hash ?? hashOf(-1n);
    const id = { number, hash: hashOf(number, salt), parentHash };
    await writer.commit(writer.prepare(writer.head?.hash, changes), id, {
      write: (tables) => tables.put("bodies", Uint8Array.of(Number(number)), Uint8Array.of(Number(balance))),
    });
  }

  const balanceAt = (number: bigint): bigint | undefined => reader.at(number).account(address)?.balance;

  test("is read as of the beginning of each reading", async () => {
    for (let number = 0n; number <= 3n; number++) await commit(number, 10n + number);
    await reader.reading(async () => {
      expect([reader.head?.number, balanceAt(3n), balanceAt(1n)]).toEqual([3n, 13n, 11n]);
      expect(reader.at(2n).storage(address, 7n)).toBe(12n);
      expect(reader.table("bodies").get(Uint8Array.of(3))).toEqual(Uint8Array.of(13));
      expect(reader.proof(address, [7n]).balance).toBe(13n);
      await commit(4n, 14n);
      expect([reader.head?.number, balanceAt(3n)]).toEqual([3n, 13n]);
      expect(() => reader.at(4n)).toThrow(fault("BLOCK_UNKNOWN"));
    });
    await reader.reading(async () =>
      expect([reader.head?.number, balanceAt(4n), balanceAt(3n)]).toEqual([4n, 14n, 13n]),
    );
  });

  test("forgets blocks that were undone", async () => {
    for (let number = 0n; number <= 5n; number++) await commit(number, 10n + number);
    await reader.reading(async () => expect(balanceAt(2n)).toBe(12n));
    await writer.revert(2n);
    // The same heights, but the account changes in other blocks.
    await writer.commit(writer.prepare(hashOf(2n), changesOf({})), {
      number: 3n,
      hash: hashOf(3n, 1),
      parentHash: hashOf(2n),
    });
    await commit(4n, 94n, 1);
    await commit(5n, 95n, 1);
    await commit(6n, 96n, 1);
    await reader.reading(async () => {
      expect([2n, 3n, 4n, 5n, 6n].map(balanceAt)).toEqual([12n, 12n, 94n, 95n, 96n]);
      expect(reader.head?.hash).toBe(hashOf(6n, 1));
    });
  });

  test("can prepare a state, and writes nothing", async () => {
    await commit(0n, 10n);
    const changes = changesOf({ accounts: new Map([[address, plainAccount(1n, 1n)]]) });
    await reader.reading(async () => {
      const candidate = reader.prepare(hashOf(0n), changes);
      expect(candidate.root).toBe(writer.prepare(hashOf(0n), changes).root);
      const id = { number: 1n, hash: hashOf(1n), parentHash: hashOf(0n) };
      await expect(reader.commit(candidate, id)).rejects.toThrow(fault("STATE_READ_ONLY"));
    });
    await expect(reader.write(() => undefined)).rejects.toThrow(fault("STATE_READ_ONLY"));
    await expect(reader.revert(0n)).rejects.toThrow(fault("STATE_READ_ONLY"));
  });

  test("holds nothing between readings", async () => {
    await commit(0n, 10n);
    expect(() => reader.at(0n).account(address)).toThrow(fault("STATE_CLOSED"));
    await expect(reader.reading(() => Promise.reject(new RangeError("no")))).rejects.toThrow("no");
    expect(() => reader.at(0n).account(address)).toThrow(fault("STATE_CLOSED"));
  });
});
