import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { encodeRlp } from "@koinon/ethereum/rlp";
import type { StateReader } from "@koinon/ethereum/state-access";
import { hexToBytes } from "@koinon/secp256k1/hex";
import { keccak256 } from "@koinon/secp256k1/keccak";
import { verifyProof } from "@koinon/trie/proof";
import type { BlockId } from "../src/block-record.ts";
import { StateStore } from "../src/state-store.ts";
import { createDice, randomChanges } from "./fixtures/random-changes.ts";
import { addressOf, changesOf, hashOf, plainAccount, StateModel } from "./fixtures/state-model.ts";

const accountCount = 24;

/** What a state and the model do not agree on. */
function differences(state: StateReader, model: StateModel): string[] {
  const found: string[] = [];
  for (let index = 0; index < accountCount; index++) {
    const address = addressOf(index);
    const account = state.account(address);
    const expected = model.accounts.get(address);
    const isSame =
      account?.nonce === expected?.nonce &&
      account?.balance === expected?.balance &&
      account?.codeHash === expected?.codeHash;
    if (!isSame) found.push(`account ${address}`);
    if (state.hasStorage(address) !== model.storage.has(address)) found.push(`whether ${address} has storage`);
    for (const base of [0n, 2n ** 255n]) {
      for (let slot = base; slot < base + 8n; slot++) {
        const word = model.storage.get(address)?.get(slot) ?? 0n;
        if (state.storage(address, slot) !== word) found.push(`slot ${address} ${slot}`);
      }
    }
  }
  return found;
}

function expectSame(state: StateReader, model: StateModel): void {
  expect(differences(state, model)).toEqual([]);
}

/** Every account and some slots, there or not, proven under the block's root and the account's. */
function expectProven(store: StateStore, block: bigint, model: StateModel): void {
  const root = store.block(block)?.root;
  if (root === undefined) throw new Error(`no block ${block}`);
  expect(root).toBe(model.root());
  for (let index = 0; index <= accountCount; index++) {
    const address = addressOf(index);
    const account = model.accounts.get(address);
    const proof = store.proof(address, [0n, 3n, 2n ** 255n, 1000n], block);
    const storageHash = model.storageRoot(address);
    expect({ storageHash: proof.storageHash, balance: proof.balance }).toEqual({
      storageHash,
      balance: account?.balance ?? 0n,
    });
    const leaf = account && encodeRlp([account.nonce, account.balance, storageHash, account.codeHash]);
    expect(verifyProof(hexToBytes(root), keccak256(hexToBytes(address)), proof.accountProof)).toEqual({
      valid: true,
      value: leaf,
    });
    for (const { slot, value, proof: nodes } of proof.storageProof) {
      expect(value).toBe(model.storage.get(address)?.get(slot) ?? 0n);
      const key = keccak256(hexToBytes(`0x${slot.toString(16).padStart(64, "0")}`));
      const stored = value === 0n ? undefined : encodeRlp(value);
      expect(verifyProof(hexToBytes(storageHash), key, nodes)).toEqual({ valid: true, value: stored });
    }
  }
}

describe("StateStore beside a model", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "koinon-state-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const block = (number: bigint, salt = 0, parentSalt = 0): BlockId => ({
    number,
    hash: hashOf(number, salt),
    parentHash: hashOf(number - 1n, parentSalt),
  });

  test.each([
    { seed: 1, archive: false },
    { seed: 2, archive: true },
    { seed: 3, archive: false },
  ])(
    "has its roots and values at every block, with rivals, reverts and restarts: $seed, archive $archive",
    async ({ seed, archive }) => {
      const dice = createDice(seed);
      const options = { path: folder, archive, historyBlocks: 20, cacheBytes: 40_000 };
      let store = new StateStore(options);
      const models = [new StateModel()];
      const first = changesOf({ accounts: new Map([[addressOf(0), plainAccount(0n, 7n)]]) });
      models[0]?.apply(first);
      await store.commit(store.prepare(undefined, first), block(0n));
      for (let round = 0; round < 40; round++) {
        const head = store.head;
        const model = models.at(-1);
        if (head === undefined || model === undefined) throw new Error("no head");
        expect(head.number).toBe(BigInt(models.length - 1));
        expect(head.root).toBe(model.root());

        const rivals = [0, 1, 2].map(() => {
          const next = model.clone();
          const changes = randomChanges(model, dice, { accounts: accountCount });
          next.apply(changes);
          return { next, candidate: store.prepare(head.hash, changes) };
        });
        for (const { next, candidate } of rivals) {
          expect(candidate.root).toBe(next.root());
          expectSame(candidate.state, next);
        }
        const chosen = rivals[dice(rivals.length)];
        if (chosen === undefined) throw new Error("no candidate");
        const commit = store.commit(chosen.candidate, block(head.number + 1n));
        // While that is under way, the next block is prepared on it and committed behind it.
        const successor = chosen.next.clone();
        const changes = randomChanges(chosen.next, dice, { accounts: accountCount });
        successor.apply(changes);
        const behind = store.prepare(chosen.candidate, changes);
        expect(behind.root).toBe(successor.root());
        const second = store.commit(behind, block(head.number + 2n));
        expectSame(behind.state, successor);
        await Promise.all([commit, second]);
        models.push(chosen.next, successor);
        expectSame(chosen.candidate.state, chosen.next);
        for (const { next, candidate } of rivals) expectSame(candidate.state, next);

        const oldest = Number(store.oldest);
        const past = oldest + dice(models.length - oldest);
        expectSame(store.at(BigInt(past)), models[past] as StateModel);
        if (round % 4 === 0) expectProven(store, BigInt(past), models[past] as StateModel);
        if (dice(6) === 0) {
          const target = Math.max(models.length - 1 - dice(10), Number(store.oldest));
          await store.revert(BigInt(target));
          models.length = target + 1;
        }
        if (dice(8) === 0) {
          await store.close();
          store = new StateStore(options);
        }
      }
      for (let number = Number(store.oldest); number < models.length; number++) {
        expectSame(store.at(BigInt(number)), models[number] as StateModel);
        expectProven(store, BigInt(number), models[number] as StateModel);
      }
      await store.close();
    },
  );
});
