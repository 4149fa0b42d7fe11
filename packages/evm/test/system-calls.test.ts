import { describe, expect, test } from "@jest/globals";
import type { Log } from "@koinon/ethereum/log";
import { recoverAuthority } from "@koinon/ethereum/transaction-signing";
import { precompiles } from "@koinon/precompiles/precompiles";
import type { Address } from "@koinon/secp256k1/address";
import { type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import { type MemoryAccount, MemoryState } from "@koinon/state/memory-state";
import type { BlockExecution } from "../src/block-execution.ts";
import { Evm } from "../src/evm.ts";
import { BlockError } from "../src/fault.ts";
import { beginBlock, collectRequests, systemContracts } from "../src/system-calls.ts";

const evm = new Evm({ chainId: 1n, codeCacheBytes: 1 << 20, hashSecret: 1n }, { precompiles, recoverAuthority });
const depositContract: Address = "0x00000000219ab540356cbb839cbe05303d7705fa";
const depositTopic: Hex = "0x649bbc62d0e31342afea4e5cd82d4049e7e1ee912fc0889aa790803be39038c5";
// Stores the caller in slot 0 and the input in slot 1.
const recorder = hexToBytes("0x335f555f35600155");
// Returns three bytes 0xaa.
const queue = hexToBytes("0x62aaaaaa5f526003601df3");

function begin(fork: "cancun" | "prague", accounts: Readonly<Record<Address, MemoryAccount>>): BlockExecution {
  const block = {
    ...{ number: 7n, timestamp: 7n, gasLimit: 1_000_000n, baseFeePerGas: 7n, baseFeePerBlobGas: 1n },
    ...{ beneficiary: depositContract, prevRandao: `0x${"00".repeat(32)}` as Hex, blockHash: () => undefined },
  };
  const state = new MemoryState(Object.entries(accounts) as [Address, MemoryAccount][]);
  return evm.beginBlock({ fork, state, block });
}

function depositLog(index: number): Log {
  const data = new Uint8Array(576);
  const view = new DataView(data.buffer);
  const fields = [
    [160, 48],
    [256, 32],
    [320, 8],
    [384, 96],
    [512, 8],
  ] as const;
  for (const [at, [offset, size]] of fields.entries()) {
    view.setUint32(32 * at + 28, offset);
    view.setUint32(offset + 28, size);
    data.fill(0x10 * (at + 1) + index, offset + 32, offset + 32 + size);
  }
  return { address: depositContract, topics: [depositTopic], data };
}

describe("before the transactions", () => {
  const prelude = { parentHash: `0x${"11".repeat(32)}`, parentBeaconBlockRoot: `0x${"22".repeat(32)}` } as const;

  test("the parent's root and, from Prague on, its hash go to their contracts, called by the system", () => {
    const contracts = {
      [systemContracts.beaconRoots]: { code: recorder, nonce: 1n },
      [systemContracts.history]: { code: recorder, nonce: 1n },
    };
    for (const fork of ["cancun", "prague"] as const) {
      const execution = begin(fork, contracts);
      beginBlock(execution, prelude);
      const { storage, accounts } = execution.changes();
      const system = BigInt("0xfffffffffffffffffffffffffffffffffffffffe");
      const roots = storage.get(systemContracts.beaconRoots);
      expect([...(roots ?? [])]).toEqual([
        [0n, system],
        [1n, BigInt(prelude.parentBeaconBlockRoot)],
      ]);
      const hash = new Map(storage.get(systemContracts.history)).get(1n);
      expect(hash).toBe(fork === "cancun" ? undefined : BigInt(prelude.parentHash));
      // The system has no account, and its calls cost nobody anything.
      expect([...accounts.keys()]).toEqual([]);
      expect(execution.gasUsed).toBe(0n);
    }
  });

  test("where the contracts are not there nothing happens", () => {
    const execution = begin("prague", {});
    beginBlock(execution, prelude);
    expect(execution.changes().accounts.size).toBe(0);
  });
});

describe("requests", () => {
  const queues = {
    [systemContracts.withdrawalRequests]: { code: queue },
    [systemContracts.consolidationRequests]: { code: hexToBytes("0x00") },
  };

  test("come in order of their types, without the empty ones; none before Prague", () => {
    const logs = [depositLog(1), { ...depositLog(2), address: systemContracts.history }, depositLog(3)];
    const requests = collectRequests(begin("prague", queues), { logs, depositContract });
    expect(requests.map((request) => [request[0], request.length])).toEqual([
      [0, 1 + 2 * 192],
      [1, 1 + 3],
    ]);
    const [deposits] = requests as [Uint8Array];
    // Public key, withdrawal credentials, amount, signature, index.
    expect([1, 49, 81, 89, 185, 193].map((offset) => deposits[offset])).toEqual([0x11, 0x21, 0x31, 0x41, 0x51, 0x13]);
    expect(collectRequests(begin("cancun", {}), { logs, depositContract })).toEqual([]);
  });

  test("a malformed deposit, a missing contract and one that fails make the block invalid", () => {
    const short = { ...depositLog(1), data: new Uint8Array(575) };
    const moved = depositLog(1);
    moved.data[31] = 0xa1;
    const failing = { ...queues, [systemContracts.consolidationRequests]: { code: hexToBytes("0xfe") } };
    const attempts: readonly (readonly [string, Readonly<Record<Address, MemoryAccount>>, readonly Log[]])[] = [
      ["DEPOSIT_LOG_MALFORMED", queues, [short]],
      ["DEPOSIT_LOG_MALFORMED", queues, [moved]],
      ["SYSTEM_CONTRACT_MISSING", {}, []],
      ["SYSTEM_CALL_FAILED", failing, []],
    ];
    for (const [code, accounts, logs] of attempts) {
      try {
        collectRequests(begin("prague", accounts), { logs, depositContract });
        throw new Error(`${code} was not found`);
      } catch (error) {
        if (!(error instanceof BlockError)) throw error;
        expect(error.code).toBe(code);
      }
    }
  });
});

test("withdrawals credit gwei (EIP-4895)", () => {
  const execution = begin("prague", {});
  const address: Address = "0x00000000000000000000000000000000000000aa";
  const withdrawal = { index: 0n, validatorIndex: 0n, address, amountGwei: 3n };
  execution.applyWithdrawals([withdrawal, { ...withdrawal, index: 1n }]);
  execution.applyWithdrawals([{ ...withdrawal, address: depositContract, amountGwei: 0n }]);
  const { accounts } = execution.changes();
  expect(accounts.get(address)?.balance).toBe(6_000_000_000n);
  expect(accounts.has(depositContract)).toBe(false);
});
