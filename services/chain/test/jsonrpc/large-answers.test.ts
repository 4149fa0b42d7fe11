import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { parseAddress } from "@koinon/secp256k1/address";
import type { ChainCalls, ChainView } from "../../src/chain-view.ts";
import { defaultLimits } from "../../src/jsonrpc/limits.ts";
import { JsonText } from "../../src/jsonrpc/message.ts";
import type { CallContext, Methods } from "../../src/jsonrpc/method.ts";
import { createBlockMethods } from "../../src/jsonrpc/methods/block-methods.ts";
import { createProofMethods } from "../../src/jsonrpc/methods/proof-methods.ts";
import { createSenderNonceMethods } from "../../src/jsonrpc/methods/sender-nonce-methods.ts";
import { createSizedMethods } from "../../src/jsonrpc/methods/sized-methods.ts";
import { type ChainFixture, never, startChainFixture } from "../chain/chain-fixture.ts";
import { testGenesis } from "../chain/test-genesis.ts";
import { Wallets } from "../chain/workload.ts";
import { signerOf } from "../sample-transactions.ts";

const context: CallContext = { signal: never, connection: undefined };
const account = signerOf(3).address;
const many = 300;
const few = 256;

let fixture: ChainFixture;
/** What was asked of call threads. */
const asked: string[] = [];
/** With and without call threads. */
let methods: Methods;
let plain: Methods;

beforeAll(async () => {
  fixture = await startChainFixture({ genesis: testGenesis({ gasLimit: 30_000_000n }) });
  const { view } = fixture.chain;
  const wallets = new Wallets();
  for (const count of [many, few]) {
    await fixture.submitRaw(Array.from({ length: count }, (_, index) => wallets.sign(index % 60)));
    await fixture.propose();
  }
  methods = createSizedMethods({ ...view, calls: noted(view.calls) }, defaultLimits);
  plain = {
    ...createBlockMethods(view.reader),
    ...createProofMethods(view.reader, defaultLimits),
    ...createSenderNonceMethods(view.reader),
  };
});
afterAll(() => fixture.close());

function noted(calls: ChainCalls): ChainCalls {
  return {
    call: (message, at, signal) => calls.call(message, at, signal),
    estimate: (message, at, signal) => calls.estimate(message, at, signal),
    proof: (request, signal) => calls.proof(request, signal),
    rawTransactions: (at, signal) => calls.rawTransactions(at, signal),
    occupancy: () => calls.occupancy(),
    request: (method, params, limits, signal) => {
      asked.push(method);
      return calls.request(method, params, limits, signal);
    },
  };
}

/** Where a method was answered; fails when it says anything else than it does on this thread. */
async function placeOf(method: string, ...params: readonly unknown[]): Promise<"here" | "there"> {
  asked.length = 0;
  const answer = await methods[method]?.call(params, context);
  const here = JSON.stringify(await plain[method]?.call(params, context));
  expect([method, params, answer instanceof JsonText ? answer.text : JSON.stringify(answer)]).toEqual([
    method,
    params,
    here,
  ]);
  return asked.length === 0 ? "here" : "there";
}

const slots = (count: number): string[] => Array.from({ length: count }, (_, index) => `0x${index.toString(16)}`);

describe("what is large is read on a call thread", () => {
  test("whole blocks", async () => {
    const { reader } = fixture.chain.view;
    expect([reader.header(1n)?.transactionCount, reader.header(2n)?.transactionCount]).toEqual([many, few]);
    expect(await placeOf("eth_getBlockByNumber", "0x1", true)).toBe("there");
    expect(await placeOf("eth_getBlockByHash", reader.header(1n)?.hash, true)).toBe("there");
    expect(await placeOf("eth_getBlockByNumber", "0x2", true)).toBe("here");
    expect(await placeOf("eth_getBlockByNumber", "0x1", false)).toBe("here");
    expect(await placeOf("eth_getBlockByNumber", "0x9", true)).toBe("here");
    expect(await placeOf("eth_getBlockByHash", `0x${"12".repeat(32)}`, true)).toBe("here");
  });

  test("proofs of many slots, and of blocks before the last", async () => {
    expect(await placeOf("eth_getProof", account, slots(16), "latest")).toBe("here");
    expect(await placeOf("eth_getProof", account, slots(17), "latest")).toBe("there");
    expect(await placeOf("eth_getProof", account, [], "0x1")).toBe("there");
    expect(await placeOf("eth_getProof", account, slots(200), "0x1")).toBe("there");
  });

  test("a transaction that is looked for by sender and nonce", async () => {
    expect(await placeOf("eth_getTransactionBySenderAndNonce", account, "0x2")).toBe("there");
    expect(await placeOf("eth_getTransactionBySenderAndNonce", account, "0xffff")).toBe("there");
  });

  test("what is wrong is refused here", async () => {
    asked.length = 0;
    for (const [method, ...params] of [
      ["eth_getBlockByNumber", "latest", 1],
      ["eth_getBlockByHash", "0x12", true],
      ["eth_getProof", account, [5], "latest"],
      ["eth_getProof", account, slots(1_025), "latest"],
      ["eth_getTransactionBySenderAndNonce", account],
    ] as [string, ...unknown[]][]) {
      const call = async () => methods[method]?.call(params, context);
      await expect(call()).rejects.toMatchObject({ code: "INVALID_PARAMS" });
    }
    expect(asked).toEqual([]);
  });
});

describe("call threads", () => {
  const view = (): ChainView => fixture.chain.view;

  test("prove what the reader proves", async () => {
    const request = { address: parseAddress(account), slots: Array.from({ length: 70 }, (_, slot) => BigInt(slot)) };
    expect(await view().calls.proof({ ...request, at: 1n }, never)).toEqual(
      view().reader.proof(request.address, request.slots, 1n),
    );
    await expect(view().calls.proof({ ...request, at: 99n }, never)).rejects.toMatchObject({ code: "BLOCK_UNKNOWN" });
  });

  test("read the transactions that the reader reads", async () => {
    const raws = await view().calls.rawTransactions(1n, never);
    expect(raws).toHaveLength(many);
    expect(raws.map((raw) => Buffer.from(raw).toString("hex"))).toEqual(
      view()
        .reader.rawTransactions(1n)
        ?.map((raw) => Buffer.from(raw).toString("hex")),
    );
    await expect(view().calls.rawTransactions(99n, never)).rejects.toMatchObject({ code: "BLOCK_UNKNOWN" });
  });
});
