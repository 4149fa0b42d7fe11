import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { StateChanges } from "@koinon/ethereum/state-access";
import { StateStore, type StepRunner } from "../src/state-store.ts";
import { numberedBlock } from "./fixtures/numbered-blocks.ts";
import { addressOf, changesOf, plainAccount, StateModel } from "./fixtures/state-model.ts";

const token = addressOf(0);

/** Enough accounts and slots that every part of the work takes several steps. */
function manyChanges(block: bigint): StateChanges {
  const accounts = new Map([[token, plainAccount(1n, block)]]);
  for (let index = 1; index <= 1_500; index++) accounts.set(addressOf(index), plainAccount(block, BigInt(index)));
  const slots = new Map<bigint, bigint>();
  for (let slot = 0n; slot < 3_000n; slot++) slots.set(slot * (block + 1n), (slot * block) % 7n);
  return changesOf({ accounts, storage: new Map([[token, slots]]) });
}

/** Lets everything else have a turn after each step, and counts them. */
function counted(): { readonly carryOut: StepRunner; count(): number } {
  let count = 0;
  const carryOut: StepRunner = async (steps) => {
    let step = steps.next();
    while (step.done !== true) {
      count++;
      await setImmediate();
      step = steps.next();
    }
    return step.value;
  };
  return { carryOut, count: () => count };
}

describe("StateStore in steps", () => {
  let folder = "";
  let store: StateStore;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "koinon-steps-"));
    store = new StateStore({ path: folder });
  });
  afterEach(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });

  test("prepares the next state while its parent goes to disk, and finds what it finds at once", async () => {
    const model = new StateModel();
    let parent = store.prepare(undefined, manyChanges(0n));
    model.apply(manyChanges(0n));
    let stepCount = 0;
    for (let number = 0n; number < 3n; number++) {
      const { carryOut, count } = counted();
      const committed = store.commit(parent, numberedBlock(number), { carryOut });
      const next = await carryOut(store.prepareInSteps(parent, manyChanges(number + 1n)));
      await committed;
      model.apply(manyChanges(number + 1n));
      expect(next.root).toBe(model.root());
      expect(store.head?.number).toBe(number);
      stepCount = count();
      parent = next;
    }
    expect(stepCount).toBeGreaterThan(40);
    expect(store.verify()).toMatchObject({ accounts: 1_501 });
  });

  test("writes blocks in their order, however long each takes to be put together", async () => {
    const first = store.prepare(undefined, manyChanges(0n));
    const second = store.prepare(first, manyChanges(1n));
    const isSecondCalled = Promise.withResolvers<void>();
    const { carryOut } = counted();
    const commits = [
      store.commit(first, numberedBlock(0n), {
        carryOut: async (steps) => {
          await isSecondCalled.promise;
          return carryOut(steps);
        },
      }),
      store.commit(second, numberedBlock(1n)),
    ];
    isSecondCalled.resolve();
    await expect(Promise.all(commits)).resolves.toMatchObject([{ number: 0n }, { number: 1n }]);
    expect(store.verify()).toMatchObject({ accounts: 1_501 });
    expect(store.head?.root).toBe(second.root);
  });

  test("stops when a block can not be put together, and has nothing of it and of what follows", async () => {
    await store.commit(store.prepare(undefined, manyChanges(0n)), numberedBlock(0n));
    const next = store.prepare(store.head?.hash, manyChanges(1n));
    const afterNext = store.prepare(next, manyChanges(2n));
    const carryOut: StepRunner = async () => {
      throw new RangeError("no memory");
    };
    const code = (expected: string) => expect.objectContaining({ code: expected });
    const outcomes = await Promise.allSettled([
      store.commit(next, numberedBlock(1n), { carryOut }),
      store.commit(afterNext, numberedBlock(2n)),
    ]);
    expect(outcomes).toEqual([
      expect.objectContaining({ reason: code("STATE_WRITE_FAILED") }),
      expect.objectContaining({ reason: code("STATE_STOPPED") }),
    ]);
    await store.close();
    store = new StateStore({ path: folder });
    expect(store.head?.number).toBe(0n);
    store.verify();
  });
});
