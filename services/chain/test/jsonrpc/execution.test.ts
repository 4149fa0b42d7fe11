import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { testTokenAbi, testTokenBytecode } from "@koinon/solidity/artifacts/test-token";
import { encodeFunctionData, type Hex, toHex } from "viem";
import { accounts } from "../clients/genesis.ts";
import { type OwnNode, startOwnNode } from "../clients/own-node.ts";
import { call, resultOf } from "./rpc-client.ts";
import { sendCoin, sender, signed } from "./sent-transactions.ts";
import { accountFields, stateProofValue } from "./state-proof.ts";

let node: OwnNode;
let token: Hex;
const nowhere = "0x00000000000000000000000000000000000beef0";
const ask = (method: string, ...params: unknown[]): Promise<unknown> => resultOf(node.http, method, ...params);
const failure = async (method: string, ...params: unknown[]) => (await call(node.http, method, ...params)).error;

interface Block {
  readonly number: Hex;
  readonly timestamp: Hex;
  readonly stateRoot: Hex;
  readonly mixHash: Hex;
  readonly miner: Hex;
  readonly baseFeePerGas: Hex;
  readonly gasUsed: Hex;
  readonly hash: Hex;
}

beforeAll(async () => {
  node = await startOwnNode();
  const data =
    `${testTokenBytecode}${"0".repeat(62)}40${"0".repeat(62)}80${"0".repeat(64)}${"0".repeat(64)}${"0".repeat(64)}` as Hex;
  const hash = await sendCoin(node, { to: null, data, gas: 2_000_000n });
  token = ((await ask("eth_getTransactionReceipt", hash)) as { contractAddress: Hex }).contractAddress;
  await sendCoin(node, { to: token, data: encodeMint(1_000n), gas: 200_000n });
});
afterAll(() => node.stop());

function encodeMint(amount: bigint): Hex {
  return encodeFunctionData({ abi: testTokenAbi, functionName: "mint", args: [sender.address, amount] });
}

function encodeTransfer(amount: bigint): Hex {
  return encodeFunctionData({ abi: testTokenAbi, functionName: "transfer", args: [accounts[1], amount] });
}

/** Runtime code at an address that is nowhere, called. */
async function run(code: Hex, transaction: object = {}, block: object = {}): Promise<Hex> {
  return (await ask("eth_call", { to: nowhere, ...transaction }, "latest", { [nowhere]: { code } }, block)) as Hex;
}

/** Code that gives back what an instruction pushes. */
const returns = (instruction: string): Hex => `0x${instruction}5f5260205ff3`;

describe("eth_call", () => {
  test("sees the block that it is made on, or what is said instead", async () => {
    const { number, timestamp } = (await ask("eth_getBlockByNumber", "latest", false)) as Block;
    expect(BigInt(await run(returns("43")))).toBe(BigInt(number));
    expect(BigInt(await run(returns("42")))).toBe(BigInt(timestamp));
    const block = {
      number: "0x1000",
      time: "0xffffffff",
      feeRecipient: accounts[2],
      gasLimit: "0x7",
      prevRandao: toHex(9, { size: 32 }),
    };
    expect(BigInt(await run(returns("43"), {}, block))).toBe(0x1000n);
    expect(BigInt(await run(returns("42"), {}, block))).toBe(0xffffffffn);
    expect(BigInt(await run(returns("41"), {}, block))).toBe(BigInt(accounts[2]));
    expect(BigInt(await run(returns("45"), {}, block))).toBe(7n);
    expect(BigInt(await run(returns("44"), {}, block))).toBe(9n);
    expect(BigInt(await run(returns("46")))).toBe(31_337n);
    const { hash } = (await ask("eth_getBlockByNumber", "0x1", false)) as Block;
    expect(await run(returns("600140"))).toBe(hash);
  });

  test("pays no base fee unless it names a price", async () => {
    const { baseFeePerGas } = (await ask("eth_getBlockByNumber", "latest", false)) as Block;
    expect(BigInt(await run(returns("48")))).toBe(0n);
    expect(BigInt(await run(returns("3a")))).toBe(0n);
    const priced = { from: accounts[0], maxFeePerGas: toHex(10n ** 11n), maxPriorityFeePerGas: "0x7", gas: "0x10000" };
    expect(BigInt(await run(returns("48"), priced))).toBe(BigInt(baseFeePerGas));
    expect(BigInt(await run(returns("3a"), priced))).toBe(BigInt(baseFeePerGas) + 7n);
  });

  test("replaces balances, slots and whole storages", async () => {
    const rich = { [nowhere]: { balance: "0x64", code: returns("47") } };
    expect(BigInt((await ask("eth_call", { to: nowhere }, "latest", rich)) as Hex)).toBe(100n);
    const supply = { to: token, data: encodeFunctionData({ abi: testTokenAbi, functionName: "totalSupply" }) };
    const slot = toHex(2, { size: 32 });
    expect(BigInt((await ask("eth_call", supply, "latest")) as Hex)).toBe(1_000n);
    const diff = { [token]: { stateDiff: { [slot]: toHex(5, { size: 32 }) } } };
    expect(BigInt((await ask("eth_call", supply, "latest", diff)) as Hex)).toBe(5n);
    expect(BigInt((await ask("eth_call", supply, "latest", { [token]: { state: {} } })) as Hex)).toBe(0n);
    expect(BigInt((await ask("eth_call", supply, "0x1")) as Hex)).toBe(0n);
  });

  test("what is overridden is no precompile any more, or is one elsewhere", async () => {
    const identity = `0x${"4".padStart(40, "0")}`;
    const at = (to: string, overrides: object) => ask("eth_call", { to, data: "0x1234" }, "latest", overrides);
    const code = "0x602a5f5260205ff3";
    expect(await at(identity, {})).toBe("0x1234");
    expect(await at(identity, { [identity]: { code } })).toBe(toHex(42n, { size: 32 }));
    expect(await at(nowhere, { [identity]: { movePrecompileToAddress: nowhere } })).toBe("0x1234");
    expect(await at(identity, { [identity]: { movePrecompileToAddress: nowhere } })).toBe("0x");
    expect(
      await failure("eth_call", { to: nowhere }, "latest", { [nowhere]: { movePrecompileToAddress: identity } }),
    ).toEqual({
      code: -32000,
      message: "account 0x00000000000000000000000000000000000BeeF0 is not a precompile",
    });
  });

  test("a message must be like some transaction", async () => {
    const authorization = { chainId: "0x0", address: nowhere, nonce: "0x0", yParity: "0x0", r: "0x1", s: "0x1" };
    const from = sender.address;
    expect((await failure("eth_call", { from, to: nowhere, authorizationList: [] }))?.message).toContain(
      "authorization",
    );
    expect((await failure("eth_call", { from, authorizationList: [authorization] }))?.message).toContain(
      "create contract",
    );
    const fees = { maxFeePerGas: "0x2540be400", maxPriorityFeePerGas: "0x2540be401" };
    expect((await failure("eth_call", { from, to: nowhere, ...fees }))?.message).toContain(
      "max priority fee per gas higher",
    );
  });

  test("says why it failed", async () => {
    const error = await failure("eth_call", { from: accounts[1], to: token, data: encodeTransfer(5n) }, "latest");
    expect(error).toMatchObject({ code: 3, message: "execution reverted" });
    expect(error?.data).toMatch(/^0xe450d38c/);
    const text =
      "08c379a0".padEnd(8 + 62, "0") +
      "20" +
      "4".padStart(64, "0") +
      Buffer.from("why?").toString("hex").padEnd(64, "0");
    const revert: Hex = `0x6064600c5f3960645ffd${"00".repeat(2)}${text}`;
    expect(await failure("eth_call", { to: nowhere }, "latest", { [nowhere]: { code: revert } })).toMatchObject({
      code: 3,
      message: "execution reverted: why?",
    });
    expect(await failure("eth_call", { to: nowhere }, "latest", { [nowhere]: { code: "0xfe" } })).toMatchObject({
      code: -32000,
      message: "invalid opcode",
    });
    expect((await failure("eth_call", { from: nowhere, to: token, value: "0x1" }))?.message).toMatch(
      /insufficient funds/,
    );
    expect((await failure("eth_call", { to: token, gas: "0x1" }))?.message).toMatch(/intrinsic gas too low/);
    expect((await failure("eth_call", { to: token, chainId: "0x1" }))?.message).toMatch(/chainId does not match/);
    expect((await failure("eth_call", { to: token }, "0x1000"))?.message).toBe("header not found");
    expect((await failure("eth_call", { to: token }, { blockHash: toHex(1, { size: 32 }) }))?.message).toBe(
      "header for hash not found",
    );
  });
});

describe("eth_estimateGas", () => {
  test.each([
    ["a transfer of coin", { to: accounts[1], value: "0x1" }],
    ["a token's transfer", { token: true, amount: 7n }],
    ["data for nobody", { to: nowhere, data: `0x${"01".repeat(500)}` }],
    ["an access list", { to: accounts[1], accessList: [{ address: nowhere, storageKeys: [] }] }],
  ])("%s runs with what is estimated and not with less", async (_name, given) => {
    const transaction = "token" in given ? { to: token, data: encodeTransfer(given.amount) } : given;
    const message = { from: sender.address, ...transaction };
    const estimate = BigInt((await ask("eth_estimateGas", message)) as Hex);
    await ask("eth_call", { ...message, gas: toHex(estimate) });
    expect(await failure("eth_call", { ...message, gas: toHex(estimate - 1n) })).toBeDefined();
  });

  test("gas that a call must pass on counts although it comes back", async () => {
    // GAS at least 200,000, or revert: PUSH3 GAS LT PUSH1 JUMPI STOP JUMPDEST PUSH0 PUSH0 REVERT.
    const code = "0x62030d405a10600a57005b5f5ffd".replace("600a57005b", "600957005b");
    const overrides = { [nowhere]: { code } };
    const message = { from: sender.address, to: nowhere };
    const estimate = BigInt((await ask("eth_estimateGas", message, "latest", overrides)) as Hex);
    expect(estimate).toBeGreaterThan(221_000n);
    await ask("eth_call", { ...message, gas: toHex(estimate) }, "latest", overrides);
    expect(await failure("eth_call", { ...message, gas: toHex(estimate - 1n) }, "latest", overrides)).toBeDefined();
  });

  test("who has nothing is told so, whatever is sent", async () => {
    for (const value of ["0x0", "0x1"]) {
      const message = { from: nowhere, to: token, value, maxFeePerGas: "0x3b9aca00" };
      expect((await failure("eth_estimateGas", message))?.message).toBe("insufficient funds for transfer");
    }
  });

  test("tells what the sender could not pay, and reverts", async () => {
    const poor = { from: nowhere, to: accounts[1], value: "0x1" };
    expect((await failure("eth_estimateGas", poor))?.message).toMatch(/insufficient funds/);
    const revert = await failure("eth_estimateGas", { from: accounts[1], to: token, data: encodeTransfer(5n) });
    expect(revert).toMatchObject({ code: 3, data: expect.stringMatching(/^0xe450d38c/) });
  });
});

describe("eth_fillTransaction", () => {
  test("gives what then only has to be signed", async () => {
    const message = { from: sender.address, to: token, data: encodeTransfer(1n) };
    const { tx, raw } = (await ask("eth_fillTransaction", message)) as { tx: Record<string, Hex>; raw: Hex };
    expect(tx).toMatchObject({
      type: "0x2",
      chainId: "0x7a69",
      to: token,
      input: message.data,
      from: sender.address.toLowerCase(),
    });
    expect(tx.nonce).toBe(await ask("eth_getTransactionCount", sender.address, "pending"));
    expect(tx.gas).toBe(await ask("eth_estimateGas", message));
    expect(raw.startsWith("0x02")).toBe(true);
    const [maxFeePerGas, maxPriorityFeePerGas] = [
      BigInt(tx.maxFeePerGas as Hex),
      BigInt(tx.maxPriorityFeePerGas as Hex),
    ];
    await sendCoin(node, {
      to: token,
      data: message.data,
      gas: BigInt(tx.gas as Hex),
      maxFeePerGas,
      maxPriorityFeePerGas,
    });
    const old = (await ask("eth_fillTransaction", { ...message, gasPrice: "0x77359400", gas: "0x186a0" })) as {
      tx: Record<string, Hex>;
    };
    expect(old.tx).toMatchObject({ type: "0x0", gasPrice: "0x77359400", gas: "0x186a0" });
    expect(await failure("eth_fillTransaction", { ...message, data: encodeTransfer(10n ** 30n) })).toMatchObject({
      code: 3,
    });
    expect((await failure("eth_fillTransaction", { from: sender.address }))?.message).toMatch(
      /creation without any data/,
    );
  });
});

describe("eth_createAccessList", () => {
  test("lists the slots, and a call with the list does the same", async () => {
    const message = { from: sender.address, to: token, data: encodeTransfer(1n) };
    const { accessList, gasUsed } = (await ask("eth_createAccessList", message)) as {
      accessList: { address: Hex; storageKeys: Hex[] }[];
      gasUsed: Hex;
    };
    expect(accessList).toEqual([{ address: token, storageKeys: [expect.any(String), expect.any(String)] }]);
    expect(BigInt((await ask("eth_estimateGas", { ...message, accessList })) as Hex)).toBe(BigInt(gasUsed));
    const failing = (await ask("eth_createAccessList", { ...message, from: accounts[2] })) as { error: string };
    expect(failing.error).toBe("execution reverted");
  });
});

describe("eth_simulateV1", () => {
  test("makes the state that the real block then has", async () => {
    const calls = [
      {
        from: sender.address,
        to: token,
        input: encodeTransfer(3n),
        maxFeePerGas: toHex(20n * 10n ** 9n),
        maxPriorityFeePerGas: toHex(10n ** 9n),
        gas: toHex(100_000n),
      },
    ];
    const before = (await ask("eth_getBlockByNumber", "latest", false)) as Block;
    const hash = await sendCoin(node, { to: token, data: encodeTransfer(3n), gas: 100_000n });
    const receipt = (await ask("eth_getTransactionReceipt", hash)) as {
      blockNumber: Hex;
      gasUsed: Hex;
      logs: { topics: Hex[] }[];
    };
    const block = (await ask("eth_getBlockByNumber", receipt.blockNumber, false)) as Block;
    const blockOverrides = { time: block.timestamp, prevRandao: block.mixHash, feeRecipient: block.miner };
    const [simulated] = (await ask(
      "eth_simulateV1",
      { blockStateCalls: [{ blockOverrides, calls }], validation: true },
      before.number,
    )) as (Block & { calls: { status: Hex; gasUsed: Hex; logs: { topics: Hex[] }[] }[] })[];
    expect(simulated?.stateRoot).toBe(block.stateRoot);
    expect(simulated?.baseFeePerGas).toBe(block.baseFeePerGas);
    expect(simulated?.gasUsed).toBe(block.gasUsed);
    expect(simulated?.calls[0]?.logs.map(({ topics }) => topics)).toEqual(receipt.logs.map(({ topics }) => topics));
  });

  test("blocks stand on each other", async () => {
    const head = BigInt((await ask("eth_blockNumber")) as Hex);
    const blocks = [
      { stateOverrides: { [nowhere]: { balance: "0xa" } }, calls: [{ from: nowhere, to: accounts[2], value: "0x4" }] },
      {
        calls: [
          { from: nowhere, to: accounts[2], value: "0x4" },
          { to: token, data: "0x18160ddd" },
        ],
      },
      {
        blockOverrides: { number: toHex(head + 5n) },
        stateOverrides: { [nowhere]: { code: returns(`64${toHex(head + 1n, { size: 5 }).slice(2)}40`) } },
        calls: [{ to: nowhere }],
      },
    ];
    const answer = (await ask("eth_simulateV1", { blockStateCalls: blocks, traceTransfers: true })) as (Block & {
      parentHash: Hex;
      calls: { status: Hex; returnData: Hex; logs: { address: Hex }[] }[];
    })[];
    expect(answer.map(({ number }) => BigInt(number) - head)).toEqual([1n, 2n, 3n, 4n, 5n]);
    expect(answer.slice(1).map(({ parentHash }) => parentHash)).toEqual(answer.slice(0, -1).map(({ hash }) => hash));
    expect(answer[0]?.calls[0]?.logs[0]?.address).toBe("0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee");
    expect(answer[4]?.calls[0]?.returnData).toBe(answer[0]?.hash);
    const tooMuch = { calls: [{ from: nowhere, to: accounts[2], value: "0x4" }] };
    expect(await failure("eth_simulateV1", { blockStateCalls: [...blocks.slice(0, 2), tooMuch] })).toMatchObject({
      code: -38014,
    });
  });

  test("validation leaves contracts and gas up to that of the block alone", async () => {
    const maxFeePerGas = "0x2540be400";
    const stateOverrides = { [token]: { balance: "0xffffffffffffffffffff" } };
    const calls = [
      { from: sender.address, to: nowhere, maxFeePerGas, gas: "0x1800000" },
      { from: token, to: nowhere, maxFeePerGas },
    ];
    const request = { blockStateCalls: [{ stateOverrides, calls }], validation: true };
    const [block] = (await ask("eth_simulateV1", request, "latest")) as { calls: { status: Hex }[] }[];
    expect(block?.calls.map(({ status }) => status)).toEqual(["0x1", "0x1"]);
  });

  test("says which rule a call breaks", async () => {
    const simulate = (calls: object[], extra: object = {}) =>
      failure("eth_simulateV1", { blockStateCalls: [{ calls }], validation: true, ...extra });
    const fees = { maxFeePerGas: toHex(20n * 10n ** 9n), gas: "0x5208" };
    const from = sender.address;
    expect(await simulate([{ from, to: nowhere, nonce: "0x0", ...fees }])).toMatchObject({ code: -38010 });
    expect(await simulate([{ from, to: nowhere, nonce: "0xff", ...fees }])).toMatchObject({ code: -38011 });
    expect(await simulate([{ from, to: nowhere, ...fees, gas: "0x5207" }])).toMatchObject({ code: -38013 });
    expect(await simulate([{ from, to: nowhere, gas: "0x5208" }])).toMatchObject({ code: -32602 });
    expect(await simulate([{ from, to: nowhere, ...fees, gas: "0xfffffff" }])).toMatchObject({ code: -38015 });
    const backwards = { blockStateCalls: [{ blockOverrides: { time: "0x1" } }] };
    expect(await failure("eth_simulateV1", backwards)).toMatchObject({ code: -38021 });
    expect(await failure("eth_simulateV1", { blockStateCalls: [{ blockOverrides: { number: "0x0" } }] })).toMatchObject(
      { code: -38020 },
    );
  });
});

describe("eth_getProof", () => {
  test("proves accounts and slots under the block's state root", async () => {
    const slot = toHex(2, { size: 32 });
    for (const block of ["0x2", "latest"]) {
      const { stateRoot } = (await ask("eth_getBlockByNumber", block, false)) as Block;
      const proof = (await ask("eth_getProof", token, [slot, "0x7"], block)) as {
        accountProof: Hex[];
        storageHash: Hex;
        codeHash: Hex;
        nonce: Hex;
        balance: Hex;
        storageProof: { key: Hex; value: Hex; proof: Hex[] }[];
      };
      const account = accountFields(stateProofValue(stateRoot, token, proof.accountProof));
      expect(account).toEqual({
        nonce: BigInt(proof.nonce),
        balance: BigInt(proof.balance),
        storageHash: proof.storageHash,
        codeHash: proof.codeHash,
      });
      const [supply, nothing] = proof.storageProof;
      expect([supply?.key, nothing?.key]).toEqual([slot, "0x7"]);
      expect(stateProofValue(proof.storageHash, slot, supply?.proof ?? [])).toBe(`0x8203e8`);
      expect(BigInt(supply?.value ?? 0)).toBe(1_000n);
      expect(stateProofValue(proof.storageHash, toHex(7, { size: 32 }), nothing?.proof ?? [])).toBeUndefined();
    }
  });
});

describe("what is sent", () => {
  test("neighbours in a batch are taken together and in order, each with its own outcome", async () => {
    const nonce = Number(await ask("eth_getTransactionCount", sender.address, "pending"));
    const raws = await Promise.all([0, 1, 2].map((offset) => signed(node, { nonce: nonce + offset })));
    const batch = [...raws, "0x00", raws[0]].map((raw, id) => ({
      jsonrpc: "2.0",
      id,
      method: "eth_sendRawTransaction",
      params: [raw],
    }));
    const answer = await fetch(node.http, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(batch),
    });
    const responses = (await answer.json()) as { id: number; result?: Hex; error?: { message: string } }[];
    expect(responses.map(({ result }) => typeof result)).toEqual([
      "string",
      "string",
      "string",
      "undefined",
      "undefined",
    ]);
    expect(responses[4]?.error?.message).toBe("already known");
  });

  test("the answer may wait for the receipt", async () => {
    const receipt = await ask("eth_sendRawTransactionSync", await signed(node, {}));
    expect(receipt).toMatchObject({ status: "0x1", gasUsed: "0x5208" });
    const far = await signed(node, { nonce: 1_000 });
    expect(await failure("eth_sendRawTransactionSync", far, "0x32")).toMatchObject({
      code: 4,
      data: expect.any(String),
    });
    const content = (await ask("txpool_contentFrom", sender.address)) as { queued: Record<string, { nonce: Hex }> };
    expect(content.queued["1000"]?.nonce).toBe("0x3e8");
    expect(await ask("txpool_status")).toEqual({ pending: "0x0", queued: "0x1" });
  });

  test("refusals are in the words that clients know", async () => {
    const send = async (fields: object) =>
      (await failure("eth_sendRawTransaction", await signed(node, fields)))?.message;
    expect(await send({ nonce: 0 })).toMatch(/^nonce too low/);
    expect(await send({ gas: 20_000n })).toMatch(/^intrinsic gas too low/);
    expect(await send({ value: 10n ** 30n })).toMatch(/^insufficient funds for gas \* price \+ value/);
    expect(await send({ gas: 60_000_000n })).toMatch(/exceeds block gas limit|gas limit too high/);
    expect(await send({ chainId: 5 })).toMatch(/invalid chain id/);
  });
});
