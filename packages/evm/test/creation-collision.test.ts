import { expect, test } from "@jest/globals";
import { precompiles } from "@koinon/precompiles/precompiles";
import type { Address } from "@koinon/secp256k1/address";
import { bytesToHex, hexToBytes } from "@koinon/secp256k1/hex";
import { type MemoryAccount, MemoryState } from "@koinon/state/memory-state";
import type { TransactionResult } from "../src/block-execution.ts";
import { create2Address, createAddress } from "../src/creation.ts";
import { Evm } from "../src/evm.ts";
import { StructLogTracer } from "../src/tracing/struct-log-tracer.ts";

// EIP-684 and EIP-7610: what has a nonce, code or storage is not created anew. No key or contract can make an account with
// storage alone, but a genesis file can, and accounts from before EIP-161 have it.

const evm = new Evm(
  { chainId: 1n, codeCacheBytes: 1 << 20, hashSecret: 1n },
  { precompiles, recoverAuthority: () => undefined },
);
const sender: Address = "0x00000000000000000000000000000000000000aa";
const factory: Address = "0x0000000000000000000000000000000000000fac";
/** Returns one byte of code: STOP. */
const initCode = hexToBytes("0x60006000526001601ff3");
const gasLimit = 200_000n;

/** Stores the init code that is its input, creates with salt 7 and returns the new address. */
const factoryCode = hexToBytes("0x36600060003760073660006000f560005260206000f3");

function run(accounts: readonly (readonly [Address, MemoryAccount])[], to: Address | undefined) {
  const state = new MemoryState([
    [sender, { balance: 10n ** 18n }],
    [factory, { code: factoryCode, nonce: 1n }],
    ...accounts,
  ]);
  const block = {
    ...{ number: 1n, timestamp: 1n, gasLimit: 30_000_000n, prevRandao: `0x${"00".repeat(32)}` as const },
    ...{ beneficiary: sender, baseFeePerGas: 0n, baseFeePerBlobGas: 1n, blockHash: () => undefined },
  };
  const execution = evm.beginBlock({ fork: "osaka", state, block, tracer: new StructLogTracer({ limitBytes: 1 }) });
  const result = execution.executeTransaction({
    sender,
    transaction: { type: 0, chainId: 1n, nonce: 0n, gasPrice: 0n, gasLimit, to, value: 0n, data: initCode },
  });
  return { result, changes: execution.changes() };
}

const byTransaction = createAddress(sender, 0n);
const byFactory = create2Address(factory, 7, initCode);

function createdByFactory({ output }: TransactionResult): boolean {
  return BigInt(bytesToHex(output)) !== 0n;
}

test.each<[string, MemoryAccount]>([
  ["a nonce", { nonce: 1n }],
  ["code", { code: hexToBytes("0x00") }],
  ["storage alone", { storage: [[3n, 4n]] }],
  ["storage and a balance", { storage: [[2n ** 255n, 1n]], balance: 5n }],
])("an address with %s is not created", (_name, account) => {
  const direct = run([[byTransaction, account]], undefined);
  expect(direct.result).toMatchObject({ failure: "CREATE_COLLISION", gasUsed: gasLimit });
  expect(direct.changes.accounts.has(byTransaction)).toBe(false);
  expect(direct.changes.storage.size + direct.changes.clearedStorage.size).toBe(0);

  const inside = run([[byFactory, account]], factory);
  expect(inside.result.succeeded).toBe(true);
  expect(createdByFactory(inside.result)).toBe(false);
  // All but one 64th of the gas went to the creation and is gone; the creator's nonce has grown.
  expect(inside.result.gasUsed).toBeGreaterThan(140_000n);
  expect(inside.changes.accounts.get(factory)?.nonce).toBe(2n);
  expect(inside.changes.accounts.has(byFactory)).toBe(false);
});

test.each<[string, MemoryAccount | undefined]>([
  ["nothing", undefined],
  ["a balance", { balance: 5n }],
  ["words that are zero", { balance: 5n, storage: [[3n, 0n]] }],
])("an address with %s is created", (_name, account) => {
  const direct = run(account === undefined ? [] : [[byTransaction, account]], undefined);
  expect(direct.result).toMatchObject({ succeeded: true, createdAddress: byTransaction });
  expect(direct.changes.accounts.get(byTransaction)).toMatchObject({ nonce: 1n, balance: account?.balance ?? 0n });
  expect(createdByFactory(run(account === undefined ? [] : [[byFactory, account]], factory).result)).toBe(true);
});
