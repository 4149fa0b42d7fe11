import { describe, expect, test } from "@jest/globals";
import type { LegacyPayload } from "@koinon/ethereum/transaction";
import { recoverAuthority } from "@koinon/ethereum/transaction-signing";
import { precompiles } from "@koinon/precompiles/precompiles";
import type { Address } from "@koinon/secp256k1/address";
import { type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import { type MemoryAccount, MemoryState } from "@koinon/state/memory-state";
import { Evm } from "../src/evm.ts";
import type { Tracer } from "../src/tracer.ts";
import { CallTracer } from "../src/tracing/call-tracer.ts";
import { FourByteTracer } from "../src/tracing/four-byte-tracer.ts";
import { revertReason } from "../src/tracing/revert-reason.ts";
import { StructLogTracer } from "../src/tracing/struct-log-tracer.ts";

const evm = new Evm({ chainId: 1n, codeCacheBytes: 1 << 20, hashSecret: 1n }, { precompiles, recoverAuthority });
const sender: Address = "0x00000000000000000000000000000000000005e0";
const outer: Address = "0x0000000000000000000000000000000000000c01";
const inner: Address = "0x0000000000000000000000000000000000000c02";

const word = (value: number): string => value.toString(16).padStart(64, "0");
const reason: Hex = `0x08c379a0${word(0x20)}${word(2)}${"6e6f".padEnd(64, "0")}`;
// LOG0(0, 0), then reverts with its input.
const reverting = hexToBytes("0x5f5fa0365f5f37365ffd");
// LOG0(0, 0), copies the input, calls `inner` with it and returns what comes back.
const calling = hexToBytes("0x5f5fa0365f5f375f5f365f5f610c025af1503d5f5f3e3d5ff3");

function run(tracer: Tracer, accounts: readonly (readonly [Address, MemoryAccount])[], data: Hex): void {
  const block = {
    ...{ number: 7n, timestamp: 7n, gasLimit: 30_000_000n, baseFeePerGas: 0n, baseFeePerBlobGas: 1n },
    ...{ beneficiary: sender, prevRandao: `0x${"00".repeat(32)}` as Hex, blockHash: () => undefined },
  };
  const execution = evm.beginBlock({ fork: "prague", state: new MemoryState(accounts), block, tracer });
  const transaction: LegacyPayload = {
    ...{ type: 0 as const, chainId: 1n, nonce: 0n, gasPrice: 0n, gasLimit: 100_000n, to: outer, value: 0n },
    data: hexToBytes(data),
  };
  execution.executeTransaction({ transaction, sender });
}

const accounts: readonly (readonly [Address, MemoryAccount])[] = [
  [outer, { code: calling }],
  [inner, { code: reverting }],
];

describe("CallTracer", () => {
  test("shows calls, reasons and the logs that happened", () => {
    const tracer = new CallTracer({ withLog: true });
    run(tracer, accounts, reason);
    const top = tracer.result();
    expect(top).toMatchObject({ type: "CALL", from: sender, to: outer, gas: "0x186a0", input: reason, output: reason });
    expect(top?.logs).toEqual([{ address: outer, topics: [], data: "0x", position: "0x0" }]);
    expect(top?.calls).toMatchObject([{ from: outer, to: inner, error: "execution reverted", revertReason: "no" }]);
    expect(top?.calls?.[0]?.logs).toBeUndefined();
  });

  test("keeps to the top when asked", () => {
    const tracer = new CallTracer({ onlyTopCall: true });
    run(tracer, accounts, reason);
    expect(tracer.result()).toMatchObject({ to: outer, output: reason });
    expect(tracer.result()?.calls).toBeUndefined();
  });
});

test("FourByteTracer counts selectors, precompiles left out", () => {
  const tracer = new FourByteTracer();
  run(tracer, accounts, reason);
  expect(tracer.result()).toEqual({ "0x08c379a0-96": 2 });
});

test("StructLogTracer stops when its entries have so many bytes, as in geth", () => {
  const whole = new StructLogTracer({ limitBytes: 0 });
  run(whole, accounts, "0x");
  const { structLogs } = whole.result();
  const bytesOf = (count: number) =>
    structLogs.slice(0, count).reduce((sum, log) => sum + JSON.stringify(log).length, 0);
  for (const [limitBytes, count] of [
    [1, 1],
    [bytesOf(3) - 1, 3],
    [bytesOf(3), 4],
  ] as const) {
    const limited = new StructLogTracer({ limitBytes });
    run(limited, accounts, "0x");
    expect(limited.result().structLogs).toEqual(structLogs.slice(0, count));
  }
});

test("StructLogTracer tells why an instruction failed", () => {
  const underflow = new StructLogTracer({ limitBytes: 0 });
  run(underflow, [[outer, { code: hexToBytes("0x600101") }]], "0x");
  const { failed, gas, structLogs } = underflow.result();
  expect([failed, gas, structLogs.at(-1)?.error]).toEqual([true, 100_000, "stack underflow (1 <=> 2)"]);
});

describe("revertReason", () => {
  test("knows Error and Panic, and nothing else", () => {
    expect(revertReason(hexToBytes(reason))).toBe("no");
    expect(revertReason(hexToBytes(`0x4e487b71${word(0x11)}`))).toBe("arithmetic underflow or overflow");
    expect(revertReason(hexToBytes(`0x4e487b71${word(0x99)}`))).toBe("unknown panic code: 0x99");
    expect(revertReason(hexToBytes(`0x12345678${word(0)}`))).toBeUndefined();
  });

  test("data that ends too early has no reason", () => {
    const whole = hexToBytes(reason);
    for (let length = 0; length < 4 + 64 + 2; length++) expect(revertReason(whole.subarray(0, length))).toBeUndefined();
    expect(revertReason(hexToBytes(`0x08c379a0${"ff".repeat(64)}`))).toBeUndefined();
  });
});
