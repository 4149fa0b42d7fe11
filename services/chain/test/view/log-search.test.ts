import { afterEach, expect, test } from "@jest/globals";
import type { Log } from "@koinon/ethereum/log";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import { SeededRandom } from "@koinon/testkit/seeded-random";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import type { LogFilter } from "../../src/chain-view.ts";
import { removeBlock } from "../../src/store/block-writes.ts";
import type { ChainStore } from "../../src/store/chain-store.ts";
import { hashLogQuery } from "../../src/store/log-filter.ts";
import { chainTables } from "../../src/store/tables.ts";
import { searchLogs } from "../../src/view/log-search.ts";
import { createLoggingChain } from "./logging-chain.ts";

const random = new SeededRandom("searches");
const addresses = Array.from({ length: 40 }, () => bytesToHex(random.bytes(20)));
const topics = Array.from({ length: 60 }, () => bytesToHex(random.bytes(32)));
const pick = <T>(list: readonly T[]): T => list[random.integer(list.length)] as T;

function randomLog(): Log {
  const count = random.integer(5);
  return { address: pick(addresses), topics: Array.from({ length: count }, () => pick(topics)), data: random.bytes(3) };
}

/** Blocks with few, many and no logs. */
function randomBlocks(): Log[][][] {
  return [0, 3, 200, 0, 130, 64, 65, 300].map((transactions) =>
    Array.from({ length: transactions }, () => Array.from({ length: random.integer(4) }, randomLog)),
  );
}

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let store: ChainStore;
afterEach(async () => {
  await store.state.close();
  await folder.remove();
});

const search = (filter: LogFilter, last: bigint, logsMax = 100_000) =>
  searchLogs(
    filter,
    { from: 0n, to: last },
    { logsMax, blocksMax: 1_000n },
    { store, clock: { now: () => 0 }, sliceMs: 1_000 },
  );

test("a search finds what a look at every log finds", async () => {
  folder = await temporaryFolder();
  const blocks = randomBlocks();
  store = await createLoggingChain(folder.path, blocks);
  const last = BigInt(blocks.length - 1);
  const strangers = [bytesToHex(random.bytes(20))];
  for (let round = 0; round < 60; round++) {
    const some = <T>(list: readonly T[], most: number): T[] =>
      Array.from({ length: random.integer(most) }, () => pick(list));
    const filter: LogFilter = {
      addresses: round % 7 === 0 ? strangers : some(addresses, 3),
      topics: Array.from({ length: random.integer(4) }, () => some(topics, 4)),
    };
    const expected: string[] = [];
    for (const [number, transactions] of blocks.entries()) {
      let logIndex = 0;
      for (const [index, logs] of transactions.entries()) {
        for (const log of logs) {
          if (matches(filter, log)) expected.push(`${number}/${index}/${logIndex}`);
          logIndex++;
        }
      }
    }
    const found = await search(filter, last);
    const places = found.map(
      ({ block, transactionIndex, logIndex }) => `${block.header.number}/${transactionIndex}/${logIndex}`,
    );
    expect({ round, filter, places }).toEqual({ round, filter, places: expected });
  }
});

function matches(filter: LogFilter, { address, topics: own }: Log): boolean {
  if (filter.addresses.length > 0 && !filter.addresses.includes(address)) return false;
  if (filter.topics.length > own.length) return false;
  return filter.topics.every((choice, index) => choice.length === 0 || choice.includes(own[index] as Hex));
}

test("what a full block does not hold is not looked for in its transactions", async () => {
  folder = await temporaryFolder();
  // Transfers of one token, each between two addresses of their own: the header's bloom is full.
  const transfer = (): Log => ({
    address: addresses[0] as Hex,
    topics: [topics[0] as Hex, bytesToHex(random.bytes(32)), bytesToHex(random.bytes(32))],
    data: new Uint8Array(32),
  });
  const blocks = Array.from({ length: 3 }, () => Array.from({ length: 1_000 }, () => [transfer()]));
  const [wanted] = blocks.at(1)?.at(700) ?? [transfer()];
  store = await createLoggingChain(folder.path, blocks);
  const read = (filter: LogFilter): number => {
    let pieces = 0;
    for (let number = 0n; number < 3n; number++) {
      const block = store.headerAt(number);
      if (block === undefined) throw new Error("no block");
      pieces += [...store.transactionsWithLogs(block, hashLogQuery([filter.addresses, ...filter.topics]))].length;
    }
    return pieces;
  };
  const recipient = { addresses: [addresses[0] as Hex], topics: [[topics[0] as Hex], [], [wanted?.topics[2] as Hex]] };
  expect((await search(recipient, 2n)).map(({ block, logIndex }) => [block.header.number, logIndex])).toEqual([
    [1n, 700],
  ]);
  // Of 48 pieces the one that has it, and a false alarm at most.
  expect(read(recipient)).toBeLessThanOrEqual(2);
  expect(read({ addresses: [addresses[1] as Hex], topics: [] })).toBeLessThanOrEqual(1);
  await expect(search({ addresses: [], topics: [[topics[0] as Hex]] }, 2n, 500)).rejects.toThrow("TOO_MANY_LOGS");
});

test("filters go with their block", async () => {
  folder = await temporaryFolder();
  store = await createLoggingChain(folder.path, randomBlocks());
  const filters = store.state.table(chainTables.logFilters);
  const numbers = () => [...filters.range()].map(({ key }) => key.at(-1));
  expect(numbers()).toContain(7);
  const block = store.headerAt(7n);
  await store.state.write((tables) =>
    removeBlock(tables, { hash: block?.hash ?? "0x", number: 7n, transactionHashes: [], withdrawals: [] }),
  );
  expect(numbers()).not.toContain(7);
});
