import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { ChainServiceDefinition, type SubscribeLogsResponse } from "@koinon/contracts/koinon/chain/v1/chain_service";
import type { Log } from "@koinon/ethereum/log";
import { createClient } from "@koinon/rpc/client";
import { LocalServices } from "@koinon/rpc/in-process";
import type { RpcError } from "@koinon/rpc/rpc-error";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import { SeededRandom } from "@koinon/testkit/seeded-random";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import type { ChainHeader, ChainView } from "../../src/chain-view.ts";
import { bindChainService } from "../../src/grpc/chain-service.ts";
import { removeBlock } from "../../src/store/block-writes.ts";
import type { ChainStore } from "../../src/store/chain-store.ts";
import { HeadSignal } from "../../src/view/head-signal.ts";
import { StoreSubscriptions } from "../../src/view/subscriptions.ts";
import { createPool } from "../mempool/pool-fixture.ts";
import { createLoggingChain } from "./logging-chain.ts";

const random = new SeededRandom("many logs");
const ours = bytesToHex(random.bytes(20));
const log = (address: Hex, sizeBytes: number): Log => ({ address, topics: [], data: new Uint8Array(sizeBytes) });
/** 14 MiB, and one log that is larger than a part. */
const logged = [
  ...Array.from({ length: 30 }, (_, index) => [log(index % 3 === 0 ? ours : bytesToHex(random.bytes(20)), 400_000)]),
  [log(ours, 2 ** 21), log(ours, 1)],
];
const count = logged.flat().length;
const small = [[log(ours, 5)]];
const messageBytesMax = 4 * 2 ** 20;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let store: ChainStore;
let heads: HeadSignal;
let full: ChainHeader;
beforeAll(async () => {
  folder = await temporaryFolder();
  store = await createLoggingChain(folder.path, [[], logged, small]);
  full = store.headerAt(1n) as ChainHeader;
});
beforeEach(() => {
  heads = new HeadSignal();
});
afterAll(async () => {
  await store.state.close();
  await folder.remove();
});

/** A log as it was told: `+` or `-`, block and index. */
type Told = string;

interface Message {
  readonly told: readonly Told[];
  readonly cursor: string;
  readonly unfinished: boolean;
  readonly block: bigint;
}

function subscribe(cursor: string, addresses: readonly Hex[] = []): AsyncIterable<Message> {
  const { pool } = createPool();
  const subscriptions = new StoreSubscriptions({ store, mempool: pool, heads });
  const clock = { now: () => Date.now() };
  const services = new LocalServices({ clock });
  const view: Partial<ChainView> = { subscriptions };
  services.add(bindChainService(view as ChainView));
  const client = createClient(ChainServiceDefinition, services.channel("test"), {}, { clock });
  return messagesOf(
    client.subscribeLogs({ cursor, topics: [], addresses: addresses.map((text) => Buffer.from(text.slice(2), "hex")) }),
  );
}

async function* messagesOf(events: AsyncIterable<SubscribeLogsResponse>): AsyncIterable<Message> {
  for await (const { logs, cursor, unfinished, removed, blockNumber } of events) {
    const sizeBytes = logs.reduce((sum, { data }) => sum + data.length, 0);
    expect(sizeBytes).toBeLessThan(messageBytesMax);
    const told = logs.map(({ logIndex }) => `${removed ? "-" : "+"}${blockNumber}/${logIndex}`);
    yield { told, cursor, unfinished, block: blockNumber };
  }
}

/** Reads until a message that is the last of what is asked for. */
async function read(cursor: string, isEnd: (message: Message) => boolean, addresses: readonly Hex[] = []) {
  const messages: Message[] = [];
  for await (const message of subscribe(cursor, addresses)) {
    messages.push(message);
    if (isEnd(message)) break;
  }
  return messages;
}

const toldOf = (messages: readonly Message[]): Told[] => messages.flatMap(({ told }) => told);
const indexes = Array.from({ length: count }, (_, index) => index);
const all = (sign: "+" | "-") => indexes.map((index) => `${sign}1/${index}`);
const genesis = () => `0-${store.headerAt(0n)?.hash}`;
const isBlockTwo = ({ block }: Message) => block === 2n;

describe("a block with more logs than fit a message", () => {
  test("is told in parts, each log once, and the last part says that it is", async () => {
    const messages = await read(genesis(), isBlockTwo);
    expect(toldOf(messages)).toEqual([...all("+"), "+2/0"]);
    expect(messages.length).toBeGreaterThan(10);
    expect(messages.map(({ unfinished }) => unfinished)).toEqual(messages.map((_, at) => at < messages.length - 2));
  });

  test("whoever resumes after whichever part gets what was not told, once", async () => {
    for (const addresses of [[], [ours]]) {
      const messages = await read(genesis(), isBlockTwo, addresses);
      const told = toldOf(messages);
      for (const [at, { cursor }] of messages.slice(0, -1).entries()) {
        const rest = await read(cursor, isBlockTwo, addresses);
        expect([at, [...toldOf(messages.slice(0, at + 1)), ...toldOf(rest)]]).toEqual([at, told]);
      }
    }
  });

  test("a cursor within a block is no cursor of blocks, and a malformed one is none", async () => {
    const { pool } = createPool();
    const subscriptions = new StoreSubscriptions({ store, mempool: pool, heads });
    const { signal } = new AbortController();
    const within = `1-${full.hash}-added-3`;
    const blocks = subscriptions.blocks({ cursor: within, signal })[Symbol.asyncIterator]();
    await expect(blocks.next()).rejects.toMatchObject({ fault: { code: "CURSOR_INVALID" } });
    for (const wrong of [`1-${full.hash}-added`, `1-${full.hash}-lost-3`, `1-${full.hash}-added-x`, `${within}-1`]) {
      await expect(read(wrong, () => true)).rejects.toMatchObject({ code: "CURSOR_INVALID" });
    }
    const unknown = `1-0x${"ab".repeat(32)}-added-3`;
    await expect(read(unknown, () => true)).rejects.toMatchObject({ code: "CURSOR_TOO_OLD" });
  });
});

test("a log that no message carries is told as a fault that names it, and the cursor that goes on behind it", async () => {
  const place = await temporaryFolder();
  const huge = await createLoggingChain(place.path, [
    [],
    [[log(ours, 7), log(ours, 9 * 2 ** 20), log(ours, 8)]],
    small,
  ]);
  const former = store;
  store = huge;
  try {
    const messages: Message[] = [];
    const reading = (async () => {
      for await (const message of subscribe(genesis())) messages.push(message);
    })();
    const fault = await reading.then(
      () => undefined,
      (error: RpcError) => error,
    );
    expect(toldOf(messages)).toEqual(["+1/0"]);
    expect(fault).toMatchObject({
      ...{ code: "LOG_TOO_LARGE", status: "OUT_OF_RANGE" },
      facts: { block: huge.headerAt(1n)?.hash, logIndex: "1", sizeBytes: String(9 * 2 ** 20) },
    });
    expect(toldOf(await read(fault?.facts.cursor ?? "", isBlockTwo))).toEqual(["+1/2", "+2/0"]);
  } finally {
    store = former;
    await huge.state.close();
    await place.remove();
  }
});

describe("a block that was told of in part and is undone then", () => {
  let before: readonly Message[];
  beforeAll(async () => {
    before = await read(genesis(), isBlockTwo);
    for (const block of [store.headerAt(2n), full] as ChainHeader[]) {
      const transactionHashes = store.transactions(block).map(({ hash }) => hash);
      const { hash, header } = block;
      await store.state.write((tables) =>
        removeBlock(tables, { hash, number: header.number, transactionHashes, withdrawals: [] }),
      );
    }
  });
  beforeEach(() => {
    const transactions = logged.map((_, index) => ({ hash: `0x${String(index).padStart(64, "0")}` }));
    const outcomes = logged.map((logs) => ({ succeeded: true, gasUsed: 21_000n, logs }));
    heads.removed({ ...full, transactions, withdrawals: [], outcomes } as never);
  });
  const isLastRemoved = ({ told, unfinished }: Message) => !unfinished && told[0]?.startsWith("-") === true;

  test("is told to its end, and then taken back: each log once added and once removed", async () => {
    const [first] = before;
    const rest = await read(first?.cursor ?? "", isLastRemoved);
    expect([...(first?.told ?? []), ...toldOf(rest)]).toEqual([...all("+"), ...all("-")]);
  });

  test("whoever resumes while it is taken back gets each removal once", async () => {
    const removal = await read(`1-${full.hash}`, isLastRemoved);
    expect(toldOf(removal)).toEqual(all("-"));
    for (const [at, { cursor }] of removal.slice(0, -1).entries()) {
      const rest = await read(cursor, isLastRemoved);
      expect([at, [...toldOf(removal.slice(0, at + 1)), ...toldOf(rest)]]).toEqual([at, all("-")]);
    }
  });
});
