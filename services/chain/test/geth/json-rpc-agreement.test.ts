import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { freePort } from "@koinon/machine/free-port";
import { systemClock } from "@koinon/runtime/clock";
import { createLogger } from "@koinon/runtime/logger";
import { systemRandom } from "@koinon/runtime/random";
import type { Hex } from "@koinon/secp256k1/hex";
import { SeededRandom } from "@koinon/testkit/seeded-random";
import { waitFor } from "@koinon/testkit/wait-for";
import { JsonRpcServer } from "../../src/jsonrpc/json-rpc-server.ts";
import { type ChainFixture, never, startChainFixture } from "../chain/chain-fixture.ts";
import { testGenesis } from "../chain/test-genesis.ts";
import {
  contracts,
  delegations,
  olderTypes,
  precompileCalls,
  randomPrograms,
  selfDestructs,
  transfers,
  Wallets,
} from "../chain/workload.ts";
import { call, post, type RpcResponse } from "../jsonrpc/rpc-client.ts";
import { signerOf } from "../sample-transactions.ts";
import { builtPayload } from "./built-payload.ts";
import { describeWithGeth, gethFile } from "./describe-with-geth.ts";
import { type GethNode, startGeth } from "./geth-node.ts";
import { wrongMessages, wrongQuestions } from "./wrong-questions.ts";

const genesis = testGenesis();

interface BlockJson {
  readonly number: Hex;
  readonly hash: Hex;
  readonly transactions: readonly Hex[];
}

/** Failures in the words of both; for gas and precompiles geth has more words, which say why. */
const sharedWords =
  /^(execution reverted|out of gas: not enough|max call depth|insufficient balance|contract address collision|max code size|invalid jump|write protection|return data|invalid code|nonce uint64|stack|invalid opcode|contract creation code storage)/;

/**
 * A response whose traces say of some failures only that there was one. What the failed instruction would have cost need only be
 * a number: geth names the part that it had computed by then.
 */
function comparable(response: RpcResponse): unknown {
  const words = (key: string, value: unknown): unknown => {
    if (typeof value === "object" && value !== null && "gasCost" in value && "error" in value) {
      return { ...value, gasCost: typeof value.gasCost };
    }
    return key === "error" && typeof value === "string" && !sharedWords.test(value) ? "failed" : value;
  };
  return JSON.parse(JSON.stringify(response), words);
}

const other = "0x00000000000000000000000000000000000beef1";

/** Code that stores, calls, creates, logs, destroys itself, and fails in many ways. */
const tracedCodes = [
  // Stores, reads, and calls what reverts.
  "0x60055f5560015460206000600060005f73".concat(other.slice(2), "61fffff150"),
  // Delegates to it; a static call to it fails because it stores.
  `0x5f5f5f5f73${other.slice(2)}61fffff4505f5f5f5f73${other.slice(2)}61fffffa50`,
  // Sends what it does not have, and calls with more depth than there is gas.
  `0x5f5f5f5f60ff73${other.slice(2)}5af1505f5f5f5f5f305af1`,
  // Creates what stores, what reverts, and what begins with EF.
  "0x6360015f555f52600460 1c5ff05063 5f5ffd005f526004601c5ff05067 60ef5f5360015ff35f5260086018 5ff050".replaceAll(
    " ",
    "",
  ),
  // Logs, then destroys itself in favour of another.
  `0x7f${"ab".repeat(32)}60205fa173${other.slice(2)}ff`,
  // Precompiles: a signature that is none, SHA-256, and an input that is no point.
  "0x60205f60805f5f6001615000f15060205f60205f5f6002615000f1506001603f5360205f60405f5f6006615000f1",
  "0xfe",
  "0x5b5f56",
  "0x5f5ffd",
  "0x01",
];

describeWithGeth("geth gives the same answers", () => {
  let node: GethNode;
  let ours: ChainFixture;
  let server: JsonRpcServer;
  let urls: { readonly ours: string; readonly theirs: string };
  const blocks: BlockJson[] = [];

  beforeAll(async () => {
    const port = await freePort();
    const http = ["--http", "--http.port", String(port), "--http.api", "eth,debug,net,web3,txpool"];
    [node, ours] = await Promise.all([startGeth(gethFile, genesis, http), startChainFixture({ genesis })]);
    const log = createLogger({ name: "chain", level: "warn", clock: systemClock });
    server = new JsonRpcServer(
      { host: "127.0.0.1", port: 0, policy: { corsOrigins: [], hosts: [] }, clientVersion: "koinon/test" },
      { view: ours.chain.view, clock: systemClock, random: systemRandom, log },
    );
    urls = { ours: `http://127.0.0.1:${await server.start()}`, theirs: `http://127.0.0.1:${port}` };
    await makeBlocks();
  });
  afterAll(async () => {
    await server.stop();
    await node.stop();
    await ours.close();
  });

  async function makeBlocks(): Promise<void> {
    const wallets = new Wallets();
    const workloads = [
      transfers(wallets, 5),
      olderTypes(wallets),
      contracts(wallets),
      precompileCalls(wallets),
      selfDestructs(wallets),
      delegations(wallets),
      randomPrograms(wallets, new SeededRandom("answers"), 20),
    ];
    for (const raws of workloads) {
      await ours.submitRaw(raws);
      const { hash } = await ours.propose();
      await node.engine.newPayload(builtPayload(ours, hash), never);
      const choice = { headBlockHash: hash, safeBlockHash: hash, finalizedBlockHash: hash };
      await node.engine.forkchoiceUpdated(choice, undefined, never);
      const { result } = await call(urls.ours, "eth_getBlockByHash", hash, false);
      blocks.push(result as BlockJson);
    }
    await waitFor(async () => (await call(urls.theirs, "eth_blockNumber")).result === blocks.at(-1)?.number);
    // Transactions are indexed in the background.
    const last = blocks.at(-1)?.transactions.at(-1);
    await waitFor(async () => (await call(urls.theirs, "eth_getTransactionReceipt", last)).result !== undefined);
  }

  /** Asks both, and fails with the question when the answers differ. */
  async function compare(method: string, ...params: readonly unknown[]): Promise<RpcResponse> {
    const [own, theirs] = await Promise.all([call(urls.ours, method, ...params), call(urls.theirs, method, ...params)]);
    expect({ method, params, answer: comparable(own) }).toEqual({ method, params, answer: comparable(theirs) });
    return own;
  }

  test("about blocks", async () => {
    for (const { number, hash } of blocks) {
      for (const isFull of [true, false]) {
        await compare("eth_getBlockByNumber", number, isFull);
        await compare("eth_getBlockByHash", hash, isFull);
      }
      await compare("eth_getHeaderByNumber", number);
      await compare("eth_getBlockReceipts", hash);
      await compare("eth_getBlockTransactionCountByNumber", number);
      await compare("eth_getUncleCountByBlockHash", hash);
      for (const kind of ["Block", "Header", "Receipts"]) await compare(`debug_getRaw${kind}`, number);
    }
    for (const tag of ["latest", "safe", "finalized", "earliest"]) await compare("eth_getBlockByNumber", tag, false);
    await compare("eth_getBlockByNumber", "0xffff", false);
    await compare("eth_config");
  });

  test("to questions with something wrong in them", async () => {
    for (const message of wrongMessages) {
      const [own, theirs] = await Promise.all([post(urls.ours, message), post(urls.theirs, message)]);
      expect([message.slice(0, 100), JSON.parse(own.text)]).toEqual([message.slice(0, 100), JSON.parse(theirs.text)]);
    }
    const account = signerOf(0).address;
    for (const [method, ...params] of wrongQuestions(account, blocks[0]?.hash ?? "0x"))
      await compare(method, ...params);
  });

  test("about transactions", async () => {
    for (const hash of blocks.flatMap(({ transactions }) => transactions)) {
      await compare("eth_getTransactionByHash", hash);
      await compare("eth_getTransactionReceipt", hash);
      await compare("eth_getRawTransactionByHash", hash);
    }
    await compare("eth_getTransactionByHash", `0x${"12".repeat(32)}`);
    await compare("eth_getTransactionByBlockNumberAndIndex", blocks[0]?.number, "0x2");
    await compare("eth_getTransactionByBlockNumberAndIndex", blocks[0]?.number, "0xff");
  });

  test("about accounts", async () => {
    const addresses = [signerOf(0).address, signerOf(5).address, signerOf(6).address, ...(await touchedContracts())];
    for (const address of addresses) {
      for (const block of ["latest", blocks[2]?.number, { blockHash: blocks[4]?.hash }]) {
        await compare("eth_getBalance", address, block);
        await compare("eth_getTransactionCount", address, block);
        await compare("eth_getCode", address, block);
        await compare("eth_getStorageAt", address, "0x1", block);
        await compare("eth_getProof", address, ["0x0", `0x${"00".repeat(31)}01`], block);
      }
    }
  });

  async function touchedContracts(): Promise<Hex[]> {
    const addresses = new Set<Hex>();
    for (const { hash } of blocks) {
      const receipts = (await call(urls.ours, "eth_getBlockReceipts", hash)).result as {
        contractAddress: Hex | null;
        to: Hex | null;
      }[];
      for (const { contractAddress, to } of receipts) {
        if (contractAddress !== null) addresses.add(contractAddress);
        if (to !== null) addresses.add(to);
      }
    }
    return [...addresses].slice(0, 12);
  }

  test("about logs", async () => {
    const range = { fromBlock: "0x0", toBlock: "latest" };
    const { result } = await compare("eth_getLogs", range);
    const [log] = result as { address: Hex; topics: Hex[] }[];
    await compare("eth_getLogs", { ...range, address: log?.address });
    await compare("eth_getLogs", { ...range, topics: [log?.topics[0] ?? null] });
    await compare("eth_getLogs", { blockHash: blocks[2]?.hash });
    await compare("eth_getLogs", { fromBlock: "0x5", toBlock: "0x1" });
    await compare("eth_getLogs", { fromBlock: "0xff" });
    await compare("eth_getLogs", { fromBlock: "0xff", toBlock: "0xfff" });
    await compare("eth_getLogs", { blockHash: `0x${"12".repeat(32)}` });
    await compare("eth_getLogs", { fromBlock: "pending" });
  });

  test.each([
    ["call by call", { tracer: "callTracer", tracerConfig: { withLog: true } }],
    ["the top call", { tracer: "callTracer", tracerConfig: { onlyTopCall: true } }],
    ["the state before", { tracer: "prestateTracer" }],
    ["the state before, with what did not exist", { tracer: "prestateTracer", tracerConfig: { includeEmpty: true } }],
    ["what changes", { tracer: "prestateTracer", tracerConfig: { diffMode: true } }],
    ["selectors", { tracer: "4byteTracer" }],
    ["instructions", {}],
    ["some instructions", { limit: 1_000 }],
    ["instructions with memory", { enableMemory: true, enableReturnData: true, disableStorage: true }],
  ])("traces: %s", async (_name, options) => {
    // Memory after every instruction of the random programs would be a hundred megabytes.
    const traced = "enableMemory" in options ? blocks.slice(0, -1) : blocks;
    for (const { number } of traced) await compare("debug_traceBlockByNumber", number, options);
    await compare("debug_traceTransaction", blocks[2]?.transactions[0], options);
    await compare("debug_traceTransaction", blocks[6]?.transactions[3], options);
  });

  test.each([
    ["call by call", { tracer: "callTracer", tracerConfig: { withLog: true } }],
    ["the state before", { tracer: "prestateTracer" }],
    ["what changes, without code", { tracer: "prestateTracer", tracerConfig: { diffMode: true, disableCode: true } }],
    ["accounts without slots", { tracer: "prestateTracer", tracerConfig: { disableStorage: true } }],
    ["selectors", { tracer: "4byteTracer" }],
    ["instructions without stack", { disableStack: true, enableReturnData: true }],
  ])("traces of calls: %s", async (_name, options) => {
    const from = signerOf(0).address;
    const to = "0x00000000000000000000000000000000000beef0";
    for (const code of tracedCodes) {
      const stateOverrides = { [to]: { code, balance: "0x10" }, [other]: { code: "0x60015f55600254505f5ffd" } };
      const given = { ...options, stateOverrides };
      await compare("debug_traceCall", { from, to, gas: "0x30000", data: "0x12345678" }, "latest", given);
      const blockOverrides = { number: "0x77", time: "0x7fffffff" };
      await compare("debug_traceCall", { from, to, value: "0x0", gas: "0x30000" }, "0x3", { ...given, blockOverrides });
    }
    for (const contract of await touchedContracts()) {
      await compare("debug_traceCall", { from, to: contract, gas: "0x30000", data: "0x12345678" }, "latest", options);
    }
    await compare("debug_traceCall", { from, gas: "0x30000", data: "0x600160005360016000f3" }, "latest", options);
    await compare("debug_traceBlockByHash", blocks[3]?.hash, options);
    await compare("debug_traceBlockByHash", blocks[5]?.hash, options);
  });

  test("calls and what they say when they fail", async () => {
    const from = signerOf(0).address;
    const to = "0x00000000000000000000000000000000000beef0";
    const codes = [
      "0xfe",
      "0x5b5f56",
      "0x01",
      "0x5f5ffd",
      "0x602a5f5260205ff3",
      "0x5f54600155",
      `0x${"5f".repeat(1_025)}`,
      "0x5956",
    ];
    for (const code of codes) {
      const overrides = { [to]: { code } };
      const { error } = await call(urls.theirs, "eth_call", { from, to, gas: "0x8000" }, "latest", overrides);
      const own = await call(urls.ours, "eth_call", { from, to, gas: "0x8000" }, "latest", overrides);
      expect([code, own.error?.code]).toEqual([code, error?.code]);
      await compare("debug_traceCall", { from, to, gas: "0x8000" }, "latest", { stateOverrides: overrides });
    }
    const reason = `0x6064600b5f3960645ffd${"00"}08c379a0${"20".padStart(64, "0")}${"4".padStart(64, "0")}${"776879".padEnd(64, "0")}`;
    const panic = `0x6024600b5f3960245ffd${"00"}4e487b71${"11".padStart(64, "0")}`;
    for (const code of [reason, panic, "0x5f5ffd", "0x602a5f5260205ff3"]) {
      await compare("eth_call", { from, to }, "latest", { [to]: { code } });
    }
    await compare("eth_call", { from, to, value: "0x1" }, "latest", {}, { number: "0xff" });
    await compare("eth_call", { to }, "0xffff");
    const list = [
      "eth_createAccessList",
      { from, to, gas: "0x30000" },
      "latest",
      { [to]: { code: "0x6001545f3b50600060025500" } },
    ] as const;
    const [own, theirs] = await Promise.all([call(urls.ours, ...list), call(urls.theirs, ...list)]);
    expect(sortedList(own)).toEqual(sortedList(theirs));
    await compare("web3_sha3", "0x1234");
  });

  /** geth's order is another every time. */
  function sortedList({ result }: RpcResponse): unknown {
    const { accessList, gasUsed } = result as { accessList: { address: Hex; storageKeys: Hex[] }[]; gasUsed: Hex };
    const entries = accessList.map(({ address, storageKeys }) => [address, ...storageKeys.sort()].join());
    return { entries: entries.sort(), gasUsed };
  }

  test("estimates that are enough; geth's may be up to 1.5 % higher", async () => {
    const from = signerOf(0).address;
    for (const to of await touchedContracts()) {
      const [own, theirs] = await Promise.all([
        call(urls.ours, "eth_estimateGas", { from, to }),
        call(urls.theirs, "eth_estimateGas", { from, to }),
      ]);
      expect([to, own.error?.code, own.error?.data]).toEqual([to, theirs.error?.code, theirs.error?.data]);
      if (own.error !== undefined) continue;
      expect(Number(own.result)).toBeLessThanOrEqual(Number(theirs.result));
      expect(Number(own.result)).toBeGreaterThan(Number(theirs.result) * 0.98 - 2_400);
    }
  });

  test("simulations, to the hash of the block", async () => {
    const from = signerOf(0).address;
    const to = signerOf(9).address;
    const contract = (await touchedContracts()).at(-1);
    const code = "0x6000356020526001600255600160015ff050";
    const blockStateCalls = [
      {
        calls: [
          { from, to, value: "0x5" },
          { from, to: contract, input: "0x01" },
        ],
      },
      {
        stateOverrides: { [to]: { code } },
        calls: [
          { from, to },
          { from: to, to: from, value: "0x1" },
        ],
      },
      { blockOverrides: { time: "0x7fffffff", number: "0x20", baseFeePerGas: "0x7" }, calls: [] },
    ];
    for (const options of [{}, { traceTransfers: true }, { returnFullTransactions: true }]) {
      await compare("eth_simulateV1", { blockStateCalls, ...options }, "latest");
    }
    const fees = { maxFeePerGas: "0x2540be400", gas: "0x5208" };
    for (const changes of [
      { nonce: "0x0" },
      { nonce: "0xffff" },
      { gas: "0x5000" },
      { maxFeePerGas: "0x1" },
      { gas: "0xfffffff" },
      { maxPriorityFeePerGas: "0x3540be400" },
      { nonce: "0xffffffffffffffff" },
      { authorizationList: [] },
    ]) {
      const request = { blockStateCalls: [{ calls: [{ from, to, ...fees, ...changes }] }], validation: true };
      const [own, theirs] = await Promise.all([
        call(urls.ours, "eth_simulateV1", request, "latest"),
        call(urls.theirs, "eth_simulateV1", request, "latest"),
      ]);
      expect([changes, own.error?.code]).toEqual([changes, theirs.error?.code]);
    }
  });

  test("simulations that validate: gas up to that of the block, contracts may send", async () => {
    const [from, to] = [signerOf(0).address, signerOf(9).address];
    const maxFeePerGas = "0x2540be400";
    const [contract = "0x"] = (await touchedContracts()).slice(-1);
    const stateOverrides = { [contract]: { balance: "0xffffffffffffffffffff", code: "0x5f" } };
    const calls = [
      { from, to, maxFeePerGas },
      { from, to, maxFeePerGas, gas: "0x1800000" },
      { from: contract, to, maxFeePerGas, gas: "0x5208" },
    ];
    for (const each of calls) {
      await compare(
        "eth_simulateV1",
        { blockStateCalls: [{ stateOverrides, calls: [each] }], validation: true },
        "latest",
      );
    }
  });

  test("precompiles that are overridden or elsewhere", async () => {
    const [from, to] = [signerOf(0).address, signerOf(9).address];
    const [sha256, identity] = [`0x${"2".padStart(40, "0")}`, `0x${"4".padStart(40, "0")}`];
    const returns42 = "0x602a5f5260205ff3";
    // Says what a call of SHA-256's address and one of the other's cost.
    const code = `0x5a5f5f5f5f60025afa505a90035f525a5f5f5f5f61beef5afa505a900360205260405ff3`;
    const beef = `0x${"beef".padStart(40, "0")}`;
    const choices = [
      { [sha256]: { movePrecompileToAddress: beef } },
      { [sha256]: { movePrecompileToAddress: beef, code: returns42 } },
      { [sha256]: { movePrecompileToAddress: identity } },
      { [sha256]: { code: returns42 } },
      { [sha256]: { balance: "0x1" } },
      { [sha256]: { movePrecompileToAddress: sha256 } },
      { [sha256]: { movePrecompileToAddress: beef }, [beef]: { code: returns42 } },
      { [beef]: { movePrecompileToAddress: sha256 } },
    ];
    for (const overrides of choices) {
      for (const target of [sha256, identity, beef]) {
        await compare("eth_call", { from, to: target, data: "0x12" }, "latest", overrides);
      }
      const stateOverrides = { ...overrides, [to]: { code } };
      await compare("eth_call", { from, to }, "latest", stateOverrides);
      await compare("debug_traceCall", { from, to }, "latest", { tracer: "callTracer", stateOverrides });
      const calls = [sha256, identity, beef].map((target) => ({ from, to: target, input: "0x12" }));
      await compare("eth_simulateV1", { blockStateCalls: [{ stateOverrides: overrides, calls }, { calls }] }, "latest");
    }
  });

  test("fees", async () => {
    for (const count of ["0x1", "0x3", "0x400"]) await compare("eth_feeHistory", count, "latest", [0, 10, 50, 100]);
    await compare("eth_feeHistory", "0x2", "0x3", []);
    await compare("eth_feeHistory", "0x2", "0xffff", []);
    await compare("eth_blobBaseFee");
  });
});
