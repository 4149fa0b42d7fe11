import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { hexToBytes } from "@koinon/secp256k1/hex";
import { toJsonRpcError } from "../../src/jsonrpc/fault-translation.ts";
import { never } from "../chain/chain-fixture.ts";
import { accounts } from "../clients/genesis.ts";
import { type OwnNode, startOwnNode } from "../clients/own-node.ts";
import { call, resultOf } from "../jsonrpc/rpc-client.ts";

// Code that would run for minutes: gas does not bound it here, time does.

const timeoutMs = 600;
/** For the machine's own business: threads of low priority starve where every core is taken. The code would run for minutes. */
const slackMs = 20_000;
/** What a simple question may take meanwhile, by the machine's business alone: the thread that answers it is never held. */
const questionMs = 5_000;

let node: OwnNode;
const target = accounts[0];

beforeAll(async () => {
  const limits = { traceTimeoutMs: timeoutMs };
  const bounds = { callTimeoutMs: timeoutMs, searchTimeoutMs: timeoutMs, callGasMax: 10n ** 12n, threads: 2 };
  node = await startOwnNode({ limits }, bounds);
  await resultOf(node.http, "eth_call", { to: target });
});
afterAll(() => node.stop());

/** A call of a precompile in a loop: input of so many bytes, made of words. */
function precompileLoop(address: number, words: readonly (readonly [offset: number, word: string])[], size: number) {
  const stores = words.map(([offset, word]) => `7f${word.padStart(64, "0")}61${hex(offset, 4)}52`).join("");
  const loop = (stores.length / 2).toString(16).padStart(4, "0");
  return `0x${stores}5b5f5f61${hex(size, 4)}5f60${hex(address, 2)}5afa5061${loop}56`;
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}

const largest = "ff".repeat(32);
const hostile: Readonly<Record<string, string>> = {
  "an endless loop": "0x5b5f56",
  "a loop that hashes": "0x5b620100005f20505f56",
  "a contract that calls itself": "0x5b5f5f5f5f5f305af1505f56",
  "a loop that grows memory": "0x5b59595952505f56",
  "a loop that makes logs": "0x5b6104005fa05f56",
  "a loop over cold slots": "0x5f5b805450600101600156",
  "creations in creations": "0x5b385f5f39385f5ff0505f56",
  "modular powers": precompileLoop(
    5,
    [
      [0, "0100"],
      [32, "0100"],
      [64, "0100"],
      [96, largest],
      [352, largest],
      [608, largest],
    ],
    864,
  ),
  pairings: precompileLoop(8, [], 192),
  "rounds of BLAKE2b": precompileLoop(9, [[0, `000fffff${"00".repeat(28)}`]], 213),
  "calls of eight million rounds each": precompileLoop(9, [[0, `007a1200${"00".repeat(28)}`]], 213),
};

interface Outcome {
  readonly error: string | undefined;
  readonly tookMs: number;
  readonly slowestQuestionMs: number;
}

/** Runs something hostile, and asks a simple question all the while. */
async function endured(hostileCall: () => Promise<string | undefined>): Promise<Outcome> {
  const began = performance.now();
  let isDone = false;
  const running = hostileCall().finally(() => {
    isDone = true;
  });
  let slowestQuestionMs = 0;
  while (!isDone) {
    const asked = performance.now();
    expect(await resultOf(node.http, "eth_blockNumber")).toMatch(/^0x/);
    slowestQuestionMs = Math.max(slowestQuestionMs, performance.now() - asked);
  }
  const error = await running;
  return { error, tookMs: performance.now() - began, slowestQuestionMs };
}

function expectBounded({ error, tookMs, slowestQuestionMs }: Outcome): void {
  expect(error).toMatch(
    /execution aborted \(timeout = 0.6s\)|execution timeout|trace too large|out of gas|gas required|stack/,
  );
  expect(tookMs).toBeLessThan(timeoutMs + slackMs);
  expect(slowestQuestionMs).toBeLessThan(questionMs);
}

async function errorOf(method: string, ...params: readonly unknown[]): Promise<string | undefined> {
  return (await call(node.http, method, ...params)).error?.message;
}

describe("hostile code ends with its time, while simple questions are answered", () => {
  test.each(Object.entries(hostile))("%s", async (_name, code) => {
    const overrides = { [target]: { code } };
    for (const method of ["eth_call", "eth_estimateGas", "eth_createAccessList"]) {
      expectBounded(await endured(() => errorOf(method, { to: target }, "latest", overrides)));
    }
  });

  test.each(["callTracer", "prestateTracer", "4byteTracer", undefined])("traced by %s", async (tracer) => {
    for (const code of [
      hostile["an endless loop"],
      hostile["modular powers"],
      hostile["a contract that calls itself"],
    ]) {
      const options = { tracer, stateOverrides: { [target]: { code } } };
      expectBounded(await endured(() => errorOf("debug_traceCall", { to: target }, "latest", options)));
    }
  });

  test("asked for over gRPC, which is this", async () => {
    const message = { data: hexToBytes("0x5b5f56") };
    const calling = () =>
      node.view.calls.call(message, "latest", never).then(String, (error) => toJsonRpcError(error)?.message);
    expectBounded(await endured(calling));
  });

  test("simulated, in more blocks than time allows", async () => {
    const stateOverrides = { [target]: { code: hostile["a loop that hashes"] } };
    const block = { stateOverrides, calls: [{ from: accounts[1], to: target, gas: "0x1c9c380" }] };
    const blocks = Array.from({ length: 250 }, () => block);
    expectBounded(await endured(() => errorOf("eth_simulateV1", { blockStateCalls: blocks }, "latest")));
  });
});
