import { describe, expect, test } from "@jest/globals";
import { precompiles } from "@koinon/precompiles/precompiles";
import type { Address } from "@koinon/secp256k1/address";
import { hexToBytes } from "@koinon/secp256k1/hex";
import { MemoryState } from "@koinon/state/memory-state";
import { Evm } from "../src/evm.ts";
import { CallTracer } from "../src/tracing/call-tracer.ts";

const sender: Address = "0x00000000000000000000000000000000000000aa";
const target: Address = "0x0000000000000000000000000000000000000c0d";
/** More gas than could be used in an hour. */
const gasLimit = 10n ** 13n;

/** Runs code until it ends or `patience` looks have been taken; answers how many were. */
function run(code: `0x${string}`, { patience = 1_000, gas = gasLimit, traced = false } = {}) {
  let looks = 0;
  const interrupt = (): void => {
    if (++looks > patience) throw new RangeError("enough");
  };
  const evm = new Evm(
    { chainId: 1n, codeCacheBytes: 1 << 20, hashSecret: 1n },
    { precompiles, recoverAuthority: () => undefined, interrupt },
  );
  const state = new MemoryState([
    [sender, { balance: 10n ** 18n }],
    [target, { code: hexToBytes(code) }],
  ]);
  const block = {
    ...{ number: 1n, timestamp: 1n, gasLimit: gas, prevRandao: `0x${"00".repeat(32)}` as const },
    ...{ beneficiary: sender, baseFeePerGas: 0n, baseFeePerBlobGas: 1n, blockHash: () => undefined },
  };
  const tracer = traced ? new CallTracer({ onlyTopCall: false, withLog: false }) : undefined;
  const execution = evm.beginBlock({ fork: "prague", state, block, tracer });
  const transaction = { type: 0, chainId: 1n, nonce: 0n, gasPrice: 0n, gasLimit: gas, to: target, value: 0n } as const;
  const execute = () =>
    execution.executeTransaction({ transaction: { ...transaction, data: new Uint8Array(0) }, sender });
  return { execute, looks: () => looks };
}

describe("an interruptible machine", () => {
  test.each<[string, `0x${string}`]>([
    ["an endless loop", "0x5b600056"],
    ["an endless loop over a jump that is not resolved", "0x60025b8056"],
    ["a conditional loop", "0x5b6001600057"],
    ["a contract that calls itself with all of its gas", "0x60006000600060006000305af160006000600060006000305af1"],
    ["endless calls of a precompile", "0x5b60206000602060006000600561fffff150600056"],
    ["creations in creations", "0x5b3860006000393860006000f050600056"],
  ])("ends %s when it is told to", (_name, code) => {
    for (const traced of [false, true]) {
      const { execute, looks } = run(code, { traced });
      expect(execute).toThrow("enough");
      expect(looks()).toBe(1_001);
    }
  });

  test("is asked more often by what is expensive", () => {
    // Each round hashes a mebibyte, for 200,000 gas.
    const { execute, looks } = run("0x5b621000005f20505f56", { gas: 30_000_000n });
    expect(execute()).toMatchObject({ failure: "OUT_OF_GAS" });
    expect(looks()).toBeGreaterThan(100);
  });

  test("does what another one does", () => {
    const { execute, looks } = run("0x6103e85b6001900380600357", { gas: 1_000_000n });
    expect(execute()).toMatchObject({ succeeded: true, gasUsed: 21_000n + 3n + 1_000n * 26n - 3n + 3n });
    expect(looks()).toBeGreaterThan(2);
  });
});
