import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { decodeBlock } from "@koinon/ethereum/block";
import { blockHash } from "@koinon/ethereum/block-header";
import { keccakHex } from "@koinon/ethereum/hash";
import { decodeReceipt } from "@koinon/ethereum/receipt";
import { type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import { toHex } from "viem";
import { type OwnNode, startOwnNode } from "../clients/own-node.ts";
import { call, resultOf } from "./rpc-client.ts";
import { sendCoin, sender } from "./sent-transactions.ts";

let node: OwnNode;
let logger: Hex;
const ask = (method: string, ...params: unknown[]): Promise<unknown> => resultOf(node.http, method, ...params);
const failure = async (method: string, ...params: unknown[]) => (await call(node.http, method, ...params)).error;

interface LogJson {
  readonly address: Hex;
  readonly topics: readonly Hex[];
  readonly blockNumber: Hex;
  readonly blockHash: Hex;
  readonly logIndex: Hex;
  readonly removed: boolean;
}

/** Logs nothing under the topics 1 and the first word of the data, twice. */
const loggerCode = "5f3560015f5fa25f3560015f5fa200";

beforeAll(async () => {
  node = await startOwnNode({ limits: { logsMax: 6, logBlocksMax: 8n } });
  const data: Hex = `0x600f600c5f39600f5ff3${"00".repeat(2)}${loggerCode}`;
  const created = await sendCoin(node, { to: null, data, gas: 200_000n });
  logger = ((await ask("eth_getTransactionReceipt", created)) as { contractAddress: Hex }).contractAddress;
  for (const word of [1, 2, 3]) await log(word);
});
afterAll(() => node.stop());

const log = (word: number): Promise<Hex> =>
  sendCoin(node, { to: logger, data: toHex(word, { size: 32 }), gas: 100_000n });

const topic = (word: number): Hex => toHex(word, { size: 32 });

describe("logs", () => {
  const find = async (query: object) => (await ask("eth_getLogs", { fromBlock: "earliest", ...query })) as LogJson[];

  test("are found by address and topics", async () => {
    expect(await find({})).toHaveLength(6);
    expect(await find({ address: logger, topics: [topic(1)] })).toHaveLength(6);
    expect(await find({ address: sender.address })).toEqual([]);
    expect(await find({ topics: [null, topic(2)] })).toHaveLength(2);
    expect(await find({ topics: [null, [topic(2), topic(3), topic(9)]] })).toHaveLength(4);
    expect(await find({ topics: [topic(2)] })).toEqual([]);
    expect(await find({ topics: [null, null, null] })).toEqual([]);
    const [first, second] = await find({ fromBlock: "0x3", toBlock: "0x3" });
    expect([first?.logIndex, second?.logIndex, first?.blockNumber, first?.removed]).toEqual([
      "0x0",
      "0x1",
      "0x3",
      false,
    ]);
    expect(await find({ fromBlock: undefined, blockHash: first?.blockHash })).toEqual([first, second]);
  });

  test("are bounded in number and range", async () => {
    await log(4);
    expect(await failure("eth_getLogs", { fromBlock: "earliest" })).toEqual({
      code: -32005,
      message: "query returned more than 6 results, try a smaller block range",
    });
    for (let count = 0; count < 4; count++) await sendCoin(node, { value: 1n });
    expect((await failure("eth_getLogs", { fromBlock: "0x0", address: sender.address }))?.message).toBe(
      "exceed maximum block range: 8",
    );
    expect(await find({ fromBlock: "0x2", address: sender.address })).toEqual([]);
  });

  test("filters of blocks and of what waits tell hashes", async () => {
    const blocks = await ask("eth_newBlockFilter");
    const waiting = await ask("eth_newPendingTransactionFilter");
    const whole = await ask("eth_newPendingTransactionFilter", true);
    const hash = await sendCoin(node, { value: 3n });
    const { blockHash } = (await ask("eth_getTransactionReceipt", hash)) as { blockHash: Hex };
    expect(await ask("eth_getFilterChanges", blocks)).toEqual([blockHash]);
    expect(await ask("eth_getFilterChanges", waiting)).toEqual([hash]);
    expect(await ask("eth_getFilterChanges", waiting)).toEqual([]);
    expect(await ask("eth_getFilterChanges", whole)).toMatchObject([
      { hash, blockHash: null, from: sender.address.toLowerCase(), value: "0x3" },
    ]);
    expect((await failure("eth_getFilterLogs", blocks))?.message).toBe("filter not found");
    expect(await ask("eth_uninstallFilter", waiting)).toBe(true);
    expect(await ask("eth_uninstallFilter", waiting)).toBe(false);
  });

  test("are polled in portions, and every one once", async () => {
    const id = await ask("eth_newFilter", { address: logger });
    const late = await ask("eth_newFilter", { address: logger, topics: [null, topic(13)] });
    for (const word of [10, 11, 12, 13]) await log(word);
    const words: number[] = [];
    const portions: number[] = [];
    for (let rest = 8; rest > 0; ) {
      const changes = (await ask("eth_getFilterChanges", id)) as LogJson[];
      portions.push(changes.length);
      rest -= changes.length;
      words.push(...changes.map(({ topics }) => Number(topics[1])));
    }
    expect(words).toEqual([10, 10, 11, 11, 12, 12, 13, 13]);
    expect(Math.max(...portions)).toBeLessThanOrEqual(6);
    expect(await ask("eth_getFilterChanges", id)).toEqual([]);
    expect(await ask("eth_getFilterChanges", late)).toHaveLength(2);
    expect(await ask("eth_getFilterLogs", late)).toHaveLength(2);
  });
});

describe("blocks", () => {
  test("are the same by number, hash and tag", async () => {
    const latest = (await ask("eth_getBlockByNumber", "latest", true)) as {
      number: Hex;
      hash: Hex;
      transactions: { hash: Hex }[];
    };
    expect(await ask("eth_getBlockByNumber", latest.number, true)).toEqual(latest);
    expect(await ask("eth_getBlockByHash", latest.hash, true)).toEqual(latest);
    for (const tag of ["safe", "finalized", "pending"]) {
      expect(await ask("eth_getHeaderByNumber", tag)).toMatchObject({ hash: latest.hash });
    }
    expect(await ask("eth_getBlockTransactionCountByHash", latest.hash)).toBe("0x1");
    expect(await ask("eth_getTransactionByBlockHashAndIndex", latest.hash, "0x0")).toEqual(latest.transactions[0]);
    expect(await ask("eth_getTransactionByBlockHashAndIndex", latest.hash, "0x1")).toBeNull();
    expect(await ask("eth_getBlockByNumber", "0xffff", false)).toBeNull();
    expect(await ask("eth_getUncleCountByBlockHash", latest.hash)).toBe("0x0");
  });

  test("have encodings that their hashes are of", async () => {
    const number = (await ask("eth_blockNumber")) as Hex;
    const { hash, transactions } = (await ask("eth_getBlockByNumber", number, false)) as {
      hash: Hex;
      transactions: Hex[];
    };
    const block = decodeBlock(hexToBytes((await ask("debug_getRawBlock", number)) as Hex));
    expect(blockHash(block.header)).toBe(hash);
    expect(keccakHex(hexToBytes((await ask("debug_getRawHeader", hash)) as Hex))).toBe(hash);
    const raw = (await ask("debug_getRawTransaction", transactions[0])) as Hex;
    expect(keccakHex(hexToBytes(raw))).toBe(transactions[0]);
    expect(await ask("eth_getRawTransactionByHash", transactions[0])).toBe(raw);
    const [receipt] = (await ask("debug_getRawReceipts", number)) as Hex[];
    expect(decodeReceipt(hexToBytes(receipt as Hex)).succeeded).toBe(true);
    expect(await ask("debug_getRawBlock", "0xffff")).toBe("0x");
  });
});

describe("fees", () => {
  test("a history ends with the next block's base fee", async () => {
    const history = (await ask("eth_feeHistory", "0x3", "0x4", [0, 50, 100])) as {
      baseFeePerGas: Hex[];
      gasUsedRatio: number[];
      reward: Hex[][];
    };
    const next = (await ask("eth_getHeaderByNumber", "0x5")) as { baseFeePerGas: Hex };
    expect(history).toMatchObject({
      oldestBlock: "0x2",
      gasUsedRatio: [expect.any(Number), expect.any(Number), expect.any(Number)],
    });
    expect(history.baseFeePerGas).toHaveLength(4);
    expect(history.baseFeePerGas.at(-1)).toBe(next.baseFeePerGas);
    expect(history.reward).toEqual(new Array(3).fill(new Array(3).fill("0x3b9aca00")));
    expect(await ask("eth_feeHistory", "0x0", "latest")).toEqual({ oldestBlock: "0x0", gasUsedRatio: null });
    expect((await failure("eth_feeHistory", "0x1", "0xffff"))?.message).toMatch(/^request beyond head block/);
  });

  test("a transaction at the suggested price is taken", async () => {
    const gasPrice = BigInt((await ask("eth_gasPrice")) as Hex);
    await sendCoin(node, {
      maxFeePerGas: gasPrice,
      maxPriorityFeePerGas: BigInt((await ask("eth_maxPriorityFeePerGas")) as Hex),
    });
    expect(await ask("eth_blobBaseFee")).toBe("0x1");
  });
});

describe("traces", () => {
  test("a block's and a transaction's are the same", async () => {
    const hash = await log(20);
    const {
      blockNumber,
      blockHash: block,
      gasUsed,
    } = (await ask("eth_getTransactionReceipt", hash)) as Record<string, Hex>;
    const trace = (await ask("debug_traceTransaction", hash, {
      tracer: "callTracer",
      tracerConfig: { withLog: true },
    })) as { gasUsed: Hex; logs: unknown[] };
    expect(trace).toMatchObject({ gasUsed, to: logger, logs: [expect.any(Object), expect.any(Object)] });
    const options = { tracer: "callTracer", tracerConfig: { withLog: true } };
    for (const [method, ref] of [
      ["debug_traceBlockByNumber", blockNumber],
      ["debug_traceBlockByHash", block],
    ] as const) {
      expect(await ask(method, ref, options)).toEqual([{ txHash: hash, result: trace }]);
    }
    const steps = (await ask("debug_traceTransaction", hash)) as { structLogs: { op: string }[] };
    expect(steps.structLogs.map(({ op }) => op).filter((op) => op.startsWith("LOG"))).toEqual(["LOG2", "LOG2"]);
    // The limit is one on bytes, and looked at between two instructions.
    const cut = await ask("debug_traceTransaction", hash, { limit: 1 });
    expect(cut).toMatchObject({ structLogs: [steps.structLogs[0]] });
  });

  test("there is none of the genesis, of what waits, and of what is not there", async () => {
    expect((await failure("debug_traceBlockByNumber", "0x0"))?.message).toBe("genesis is not traceable");
    expect((await failure("debug_traceTransaction", topic(1)))?.message).toBe("transaction not found");
    expect((await failure("debug_traceCall", {}, "pending"))?.message).toBe(
      "tracing on top of pending is not supported",
    );
    expect((await failure("debug_traceTransaction", topic(1), { tracer: "noTracer" }))?.code).toBe(-32602);
  });
});

describe("accounts", () => {
  test("a transaction is found by who sent it and which one it was", async () => {
    const count = Number(await ask("eth_getTransactionCount", sender.address));
    for (let nonce = 0; nonce < count; nonce++) {
      const found = await ask("eth_getTransactionBySenderAndNonce", sender.address, toHex(nonce));
      expect(found).toMatchObject({
        from: sender.address.toLowerCase(),
        nonce: toHex(nonce),
        blockNumber: expect.any(String),
      });
    }
    expect(await ask("eth_getTransactionBySenderAndNonce", sender.address, toHex(count))).toBeNull();
    expect(await ask("eth_getTransactionBySenderAndNonce", logger, "0x0")).toBeNull();
  });

  test("slots of many are read at once", async () => {
    const values = await ask("eth_getStorageValues", { [logger]: ["0x0", topic(7)] }, "latest");
    expect(values).toEqual({ [logger]: [topic(0), topic(0)] });
    const many = { [logger]: new Array(1_000).fill("0x0"), [sender.address]: new Array(1_000).fill("0x0") };
    expect((await failure("eth_getStorageValues", many))?.message).toContain("more than 1024 slots");
  });
});

describe("the node", () => {
  test("says what it is", async () => {
    expect(await ask("web3_clientVersion")).toBe("koinon/test");
    expect(await ask("net_version")).toBe("31337");
    expect(await ask("eth_syncing")).toBe(false);
    expect(await ask("eth_accounts")).toEqual([]);
    expect(await ask("web3_sha3", "0x")).toBe("0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
    expect(await ask("eth_getCode", sender.address)).toBe("0x");
    expect(await ask("eth_getStorageAt", logger, "0x0", "latest")).toBe(topic(0));
  });
});
