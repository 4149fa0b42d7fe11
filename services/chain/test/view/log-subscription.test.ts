import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { Log } from "@koinon/ethereum/log";
import { bytesToHex } from "@koinon/secp256k1/hex";
import { SeededRandom } from "@koinon/testkit/seeded-random";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import type { ChainHeader, LogEvent } from "../../src/chain-view.ts";
import { removeBlock } from "../../src/store/block-writes.ts";
import type { ChainStore } from "../../src/store/chain-store.ts";
import { HeadSignal } from "../../src/view/head-signal.ts";
import { StoreSubscriptions } from "../../src/view/subscriptions.ts";
import { createPool } from "../mempool/pool-fixture.ts";
import { createLoggingChain } from "./logging-chain.ts";

const random = new SeededRandom("subscriptions");
const logged: readonly (readonly Log[])[] = Array.from({ length: 3_000 }, () => [
  { address: bytesToHex(random.bytes(20)), topics: [], data: random.bytes(8) },
]);

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let store: ChainStore;
let heads: HeadSignal;
beforeEach(async () => {
  folder = await temporaryFolder();
  store = await createLoggingChain(folder.path, [[], logged]);
  heads = new HeadSignal();
});
afterEach(async () => {
  await store.state.close();
  await folder.remove();
});

/** The logs of block 1; `turn` is called whenever somebody else has a turn meanwhile. */
async function heardOf(turn: () => void): Promise<LogEvent | undefined> {
  const { pool } = createPool();
  const subscriptions = new StoreSubscriptions({ store, mempool: pool, heads });
  const ended = new AbortController();
  const cursor = `0-${store.headerAt(0n)?.hash}`;
  const onTurn = (): void => {
    turn();
    next = setImmediate(onTurn);
  };
  let next = setImmediate(onTurn);
  try {
    for await (const event of subscriptions.logs({ addresses: [], topics: [] }, { cursor, signal: ended.signal }))
      return event;
    return undefined;
  } finally {
    ended.abort();
    clearImmediate(next);
  }
}

function expectAll(event: LogEvent | undefined, block: ChainHeader): void {
  expect([event?.kind, event?.block.hash]).toEqual(["added", block.hash]);
  expect(event?.logs.map(({ log, removed }) => [removed, log.address])).toEqual(
    logged.flat().map(({ address }) => [false, address]),
  );
  expect(event?.logs.map(({ logIndex }) => logIndex)).toEqual(logged.map((_, index) => index));
}

test("others have their turn while a full block is looked through", async () => {
  let turns = 0;
  const event = await heardOf(() => {
    turns++;
  });
  expectAll(event, store.headerAt(1n) as ChainHeader);
  expect(turns).toBeGreaterThanOrEqual(4);
});

test("a block that is undone meanwhile is told of in full", async () => {
  const block = store.headerAt(1n) as ChainHeader;
  const transactions = store.transactions(block);
  let isUndone = false;
  const event = await heardOf(() => {
    if (isUndone) return;
    isUndone = true;
    const { hash, header } = block;
    const outcomes = logged.map((logs) => ({ succeeded: true, gasUsed: 21_000n, logs }));
    heads.removed({ ...block, transactions, withdrawals: [], outcomes } as never);
    const transactionHashes = transactions.map((each) => each.hash);
    void store.state.write((tables) =>
      removeBlock(tables, { hash, number: header.number, transactionHashes, withdrawals: [] }),
    );
  });
  expectAll(event, block);
});
