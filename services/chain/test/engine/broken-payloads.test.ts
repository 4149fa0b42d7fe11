import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { blockHash as hashOf } from "@koinon/ethereum/block-header";
import { systemClock } from "@koinon/runtime/clock";
import { createLogger } from "@koinon/runtime/logger";
import { payloadHeader } from "../../src/engine/payload.ts";
import { createEngineMethods } from "../../src/engine/rpc/engine-methods.ts";
import { type EngineServer, startEngineServer } from "../../src/engine/rpc/engine-server.ts";
import { createJwt } from "../../src/engine/rpc/jwt.ts";
import { payloadToJson } from "../../src/engine/rpc/payload-json.ts";
import { type ChainFixture, never, startChainFixture } from "../chain/chain-fixture.ts";

const secret = new Uint8Array(32).fill(0x42);
const zero = `0x${"00".repeat(32)}`;
let fixture: ChainFixture;
let server: EngineServer;
let payload: Record<string, unknown>;

beforeAll(async () => {
  fixture = await startChainFixture();
  await fixture.submit({ value: 1n }, 0);
  await fixture.propose();
  payload = payloadToJson(fixture.proposed().payload) as Record<string, unknown>;
  const { view, engine } = fixture.chain;
  const client = { code: "KN", name: "koinon", version: "v0", commit: "0x00000000" };
  server = await startEngineServer(
    { host: "127.0.0.1", port: 0, secret },
    {
      methods: [createEngineMethods(engine, view.reader.config.forks, client)],
      clock: systemClock,
      log: createLogger({ name: "test", level: "silent", clock: systemClock }),
    },
  );
});
afterAll(async () => {
  await server.close();
  await fixture.close();
});

interface Answer {
  readonly error?: { readonly code: number };
  readonly result?: { readonly status?: string };
}

async function call(method: string, params: unknown): Promise<Answer> {
  const headers = {
    "content-type": "application/json",
    authorization: `Bearer ${createJwt(secret, systemClock.now())}`,
  };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const response = await fetch(`http://127.0.0.1:${server.port}`, { method: "POST", headers, body });
  return (await response.json()) as Answer;
}

const newPayload = (changes: object, ...rest: unknown[]) =>
  call("engine_newPayloadV4", [{ ...payload, ...changes }, [], zero, ...(rest.length === 0 ? [[]] : rest)]);

describe("broken payloads", () => {
  test("the whole one is valid", async () => {
    expect((await newPayload({})).result?.status).toBe("VALID");
  });

  test.each<[name: string, changes: object]>([
    ["a transaction that is no hex", { transactions: ["0xzz"] }],
    ["transactions that are no list", { transactions: 7 }],
    ["a short hash", { parentHash: "0x12" }],
    ["a short bloom", { logsBloom: "0x00" }],
    ["a number with a leading zero", { blockNumber: "0x01" }],
    ["a number beyond 64 bits", { gasUsed: `0x1${"0".repeat(16)}` }],
    ["a missing field", { stateRoot: undefined }],
    ["a withdrawal without address", { withdrawals: [{ index: "0x0", validatorIndex: "0x0", amount: "0x1" }] }],
  ])("%s is no parameter", async (_name, changes) => {
    expect((await newPayload(changes)).error?.code).toBe(-32602);
  });

  test.each<[name: string, changes: object]>([
    ["an empty transaction", { transactions: ["0x"] }],
    ["a transaction of an unknown type", { transactions: ["0x7f01"] }],
    ["a truncated transaction", { transactions: ["0x02f8"] }],
    ["a list that says it is longer than it is", { transactions: ["0xf9ffff"] }],
    ["extra data of 33 bytes", { extraData: `0x${"00".repeat(33)}` }],
    ["another hash", { blockHash: zero }],
  ])("%s makes it invalid", async (_name, changes) => {
    expect((await newPayload(changes)).result?.status).toBe("INVALID");
  });

  test.each<[name: string, raw: string, reason: RegExp]>([
    ["of an unknown type", "7f01", /TRANSACTION_TYPE_UNSUPPORTED/],
    ["truncated", "02f8", /RLP_TRUNCATED/],
    ["a list that says it is longer than it is", "f9ffff", /RLP_TRUNCATED/],
    ["with bytes behind it", "02c000", /RLP/],
  ])("a transaction that is %s makes a block with the right hash invalid", async (_name, raw, reason) => {
    const good = fixture.proposed();
    const transactions = [new Uint8Array(Buffer.from(raw, "hex"))];
    const changed = { ...good, payload: { ...good.payload, transactions } };
    const blockHash = hashOf(payloadHeader(changed));
    const status = await fixture.chain.engine.newPayload(
      { ...changed, payload: { ...changed.payload, blockHash } },
      never,
    );
    expect(status).toMatchObject({ status: "INVALID", latestValidHash: good.payload.parentHash });
    expect(status.validationError).toMatch(reason);
  });

  test.each<[name: string, requests: unknown]>([
    ["empty", ["0x00"]],
    ["out of order", ["0x0111", "0x0011"]],
    ["given twice", ["0x0011", "0x0012"]],
    ["no list", "0x"],
  ])("requests that are %s are no parameter", async (_name, requests) => {
    expect((await newPayload({}, requests)).error?.code).toBe(-32602);
  });

  test("methods of other forks refuse, and parameters may not be left out", async () => {
    expect((await call("engine_newPayloadV3", [payload, [], zero])).error?.code).toBe(-38005);
    expect((await call("engine_newPayloadV4", [payload])).error?.code).toBe(-32602);
    expect((await call("engine_newPayloadV4", { payload })).error?.code).toBeLessThan(0);
  });
});
