import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { accounts } from "../clients/genesis.ts";
import { type OwnNode, startOwnNode } from "../clients/own-node.ts";
import { call, post, type RpcResponse } from "./rpc-client.ts";

let node: OwnNode;
/** No answer to any of these may take longer: far less than the minutes they would take, far more than a busy machine adds. */
const boundMs = 20_000;
const address = accounts[0];
const hash = `0x${"12".repeat(32)}`;

beforeAll(async () => {
  node = await startOwnNode(
    { limits: { traceTimeoutMs: 300, traceBytesMax: 4 * 2 ** 20, filtersMax: 5 } },
    { callTimeoutMs: 1_500 },
  );
  // The thread for calls is there from now on.
  await call(node.http, "eth_call", { to: address });
});
afterAll(() => node.stop());

async function within<T>(action: Promise<T>): Promise<T> {
  const began = performance.now();
  const result = await action;
  expect(performance.now() - began).toBeLessThan(boundMs);
  return result;
}

async function answersTo(text: string): Promise<RpcResponse> {
  const answer = await within(post(node.http, text));
  return JSON.parse(answer.text) as RpcResponse;
}

async function stillAnswers(): Promise<void> {
  expect((await call(node.http, "eth_chainId")).result).toBe("0x7a69");
}

describe("hostile texts", () => {
  test.each([
    ["nothing", ""],
    ["half a text", '{"jsonrpc":"2.0"'],
    ["nested lists", "[".repeat(1_000_000)],
    ["closed nested lists", `${"[".repeat(500_000)}${"]".repeat(500_000)}`],
    ["nested objects", '{"a":'.repeat(300_000)],
    ["bytes that are no text", "\u0000\uffff\ud800"],
    ["a number of many digits", "9".repeat(1_000_000)],
    ["a list of lists", JSON.stringify(new Array(900).fill([]))],
    ["a prototype", '{"__proto__":{"jsonrpc":"2.0","method":"eth_chainId"},"id":1}'],
    ["a batch in a batch", JSON.stringify([[{ jsonrpc: "2.0", id: 1, method: "eth_chainId" }]])],
  ])("%s is answered with an error", async (_name, text) => {
    const answer = await answersTo(text);
    for (const each of Array.isArray(answer) ? answer : [answer]) {
      expect([-32700, -32600]).toContain((each as RpcResponse).error?.code);
    }
    await stillAnswers();
  });

  test("names of members that every object has are no methods", async () => {
    for (const method of ["constructor", "__proto__", "toString", "hasOwnProperty", " ", "eth_".repeat(100_000)]) {
      const { error } = await within(call(node.http, method));
      expect(error?.code).toBe(-32601);
      expect(error?.message.length).toBeLessThan(200);
    }
  });
});

/** Values that are no parameter of anything. */
const nonsense: readonly unknown[] = [
  null,
  true,
  -1,
  1.5,
  1e308,
  "",
  "0x",
  "0xg",
  "latest\u0000",
  "0x-1",
  [],
  {},
  [[[[[]]]]],
  { a: { b: { c: {} } } },
  { blockHash: 1 },
  { fromBlock: "0xffffffffffffffffffff" },
  `0x${"f".repeat(100_000)}`,
  `0x${"f".repeat(100_001)}`,
];

const methods = [
  "eth_getBalance",
  "eth_getCode",
  "eth_getStorageAt",
  "eth_getTransactionCount",
  "eth_getBlockByNumber",
  "eth_getBlockByHash",
  "eth_getTransactionByHash",
  "eth_getTransactionByBlockNumberAndIndex",
  "eth_getTransactionReceipt",
  "eth_getBlockReceipts",
  "eth_getLogs",
  "eth_newFilter",
  "eth_getFilterChanges",
  "eth_call",
  "eth_estimateGas",
  "eth_createAccessList",
  "eth_simulateV1",
  "eth_feeHistory",
  "eth_getProof",
  "eth_sendRawTransaction",
  "web3_sha3",
  "txpool_contentFrom",
  "debug_traceTransaction",
  "debug_traceCall",
  "debug_traceBlockByNumber",
  "debug_traceBlockByHash",
  "debug_getRawBlock",
  "debug_getRawTransaction",
];

/** What a caller may be told; an internal error is never its fault. */
const callersFaults = [-32000, -32005, -32600, -32602, -32003, 3];

describe("hostile parameters", () => {
  test.each([...methods, "eth_maxPriorityFeePerGas", "eth_getTransactionBySenderAndNonce"])(
    "%s, nested a hundred thousand times, takes no thread away",
    async (method) => {
      for (const [open, close] of [
        ["[", "]"],
        ['{"a":', "}"],
      ] as const) {
        const deep = `${open.repeat(100_000)}1${close.repeat(100_000)}`;
        const { error } = await answersTo(`{"jsonrpc":"2.0","id":1,"method":"${method}","params":[${deep}]}`);
        expect(error?.code).toBe(-32602);
      }
      expect((await within(call(node.http, "eth_call", { to: address }))).result).toBe("0x");
    },
  );

  test.each(methods)("%s with nonsense", async (method) => {
    const unexpected: unknown[] = [];
    for (const first of nonsense) {
      for (const second of [undefined, "latest", ...nonsense.slice(5, 14)]) {
        const params = second === undefined ? [first] : [first, second];
        const { error } = await within(call(node.http, method, ...params));
        if (error !== undefined && !callersFaults.includes(error.code)) unexpected.push([params, error]);
      }
    }
    expect(unexpected).toEqual([]);
  });
});

describe("hostile transactions", () => {
  test.each([
    ["no bytes", "0x"],
    ["one byte", "0xc0"],
    ["a type that is not there", "0x05c0"],
    ["a list that is cut off", "0xf86c808504a817c800825208"],
    ["a length of four gigabytes", "0xfbffffffff"],
    ["lists in lists", `0x${"c1".repeat(50_000)}c0`],
    ["a long list of nothing", `0x02fa0f4240${"80".repeat(1_000_000)}`],
    ["too large", `0x02${"00".repeat(1_000_000)}`],
    ["integers with leading zeros", "0xc9820000820000820000"],
    ["a transaction in a string", "0xb86cf86a808504a817c800825208"],
  ])("%s is refused with a reason", async (_name, raw) => {
    const { error } = await within(call(node.http, "eth_sendRawTransaction", raw));
    expect(error?.code).toBe(-32000);
    expect(error?.message).toMatch(/rlp|transaction|typed|oversized|invalid/);
    await stillAnswers();
  });
});

/** Code that never ends, in different ways. */
const endless = {
  "a loop": "0x5b5f56",
  "a loop that hashes": "0x5b620100005f20505f56",
  "a loop that calls itself": "0x5b5f5f5f5f5f305af1505f56",
  "a loop that grows memory": "0x5b59595952505f56",
  "a loop that makes logs": "0x5b6104005fa05f56",
};

describe("hostile calls", () => {
  test.each(Object.entries(endless))("%s ends with its gas or its time", async (_name, code) => {
    const overrides = { [address]: { code } };
    const { error } = await within(call(node.http, "eth_call", { to: address }, "latest", overrides));
    expect(error?.code).toBe(-32000);
    const estimate = await within(call(node.http, "eth_estimateGas", { to: address }, "latest", overrides));
    expect(estimate.error?.message).toMatch(/gas required exceeds allowance|out of gas|stack|execution aborted/);
    await stillAnswers();
  });

  test.each(Object.entries(endless))("%s is not traced for ever", async (_name, code) => {
    const config = { stateOverrides: { [address]: { code } } };
    const trace = await within(call(node.http, "debug_traceCall", { to: address }, "latest", config));
    expect(trace.error?.message).toMatch(/execution timeout|trace too large/);
    await stillAnswers();
  });

  test("simple questions are answered while others hold the thread", async () => {
    const slow = { [address]: { code: "0x5b620100005f20505f56" } };
    let answered = 0;
    const calls = Array.from({ length: 6 }, async () => {
      await call(node.http, "eth_call", { to: address, gas: "0x989680" }, "latest", slow);
      answered++;
    });
    let questions = 0;
    while (answered < calls.length) {
      await stillAnswers();
      questions++;
    }
    await Promise.all(calls);
    // One at least between two calls; without turns all calls would run first.
    expect(questions).toBeGreaterThan(calls.length);
  });

  test("gas beyond the bound is the bound, and a deployment of what is too large fails", async () => {
    const { result } = await call(node.http, "eth_call", { to: address, gas: "0xffffffffffffffff" });
    expect(result).toBe("0x");
    const { error } = await within(call(node.http, "eth_call", { data: `0x${"00".repeat(1_000_000)}` }));
    expect(error?.code).toBe(-32000);
  });

  test("simulations are bounded in blocks and calls", async () => {
    const far = { blockStateCalls: [{ blockOverrides: { number: "0xffffff" } }] };
    expect((await within(call(node.http, "eth_simulateV1", far))).error).toEqual({
      code: -38026,
      message: "too many blocks",
    });
    const many = { blockStateCalls: [{ calls: new Array(2_000).fill({}) }] };
    expect((await within(call(node.http, "eth_simulateV1", many))).error?.code).toBe(-38026);
  });
});

describe("hostile searches", () => {
  test("ranges and lists are bounded", async () => {
    const logs = (query: unknown) => within(call(node.http, "eth_getLogs", query));
    expect((await logs({ fromBlock: "0x0", toBlock: "0x7fffffffffffffff" })).result).toEqual([]);
    expect((await logs({ fromBlock: "0x5", toBlock: "0x1" })).error?.message).toBe("invalid block range params");
    expect((await logs({ address: new Array(5_000).fill(address) })).error?.code).toBe(-32602);
    expect((await logs({ topics: [new Array(5_000).fill(hash)] })).error?.code).toBe(-32602);
    expect((await logs({ blockHash: hash })).error?.message).toBe("unknown block");
  });

  test("slots of a proof, percentiles and blocks of a history are bounded", async () => {
    const proof = await within(call(node.http, "eth_getProof", address, new Array(1_025).fill("0x0"), "latest"));
    expect(proof.error?.message).toContain("more than 1024 items");
    const history = await within(call(node.http, "eth_feeHistory", "0xffffffffffffffff", "latest", [50]));
    expect(history.result).toMatchObject({ oldestBlock: "0x0" });
    expect((await call(node.http, "eth_feeHistory", "0x4", "latest", [50, 20])).error?.message).toContain("percentile");
  });

  test("filters are bounded", async () => {
    const made = [];
    for (let count = 0; count < 6; count++) made.push(await call(node.http, "eth_newBlockFilter"));
    expect(made.at(-1)?.error?.message).toBe("too many filters");
    expect((await call(node.http, "eth_uninstallFilter", made[0]?.result)).result).toBe(true);
    expect((await call(node.http, "eth_newBlockFilter")).result).toMatch(/^0x[0-9a-f]{32}$/);
    expect((await call(node.http, "eth_getFilterChanges", "0x1234")).error?.message).toBe("filter not found");
  });
});
