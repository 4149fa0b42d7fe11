import { describe, expect, test } from "@jest/globals";
import type { Fork } from "@koinon/ethereum/fork";
import type { DynamicFeePayload, TransactionPayload } from "@koinon/ethereum/transaction";
import { recoverAuthority, signAuthorization } from "@koinon/ethereum/transaction-signing";
import { precompiles } from "@koinon/precompiles/precompiles";
import type { Address } from "@koinon/secp256k1/address";
import { createSigner } from "@koinon/secp256k1/ecdsa";
import { bytesToHex, hexToBytes } from "@koinon/secp256k1/hex";
import { type MemoryAccount, MemoryState } from "@koinon/state/memory-state";
import { delegationDesignator } from "../src/authorization.ts";
import type { BlockContext } from "../src/block-context.ts";
import type { BlockExecution } from "../src/block-execution.ts";
import { Evm } from "../src/evm.ts";
import { TransactionError } from "../src/fault.ts";

const evm = new Evm({ chainId: 1n, codeCacheBytes: 1 << 20, hashSecret: 1n }, { precompiles, recoverAuthority });
const signer = createSigner(new Uint8Array(32).fill(7));
const sender = signer.address;
const beneficiary: Address = "0x00000000000000000000000000000000000000c0";
const other: Address = "0x0000000000000000000000000000000000000123";
const contract: Address = "0x0000000000000000000000000000000000000c0d";
const ether = 10n ** 18n;

const block: BlockContext = {
  number: 1n,
  timestamp: 1n,
  gasLimit: 30_000_000n,
  beneficiary,
  prevRandao: `0x${"00".repeat(32)}`,
  baseFeePerGas: 10n,
  baseFeePerBlobGas: 1n,
  blockHash: () => undefined,
};

function begin(
  accounts: Readonly<Record<Address, MemoryAccount>>,
  fork: Fork = "osaka",
): [BlockExecution, MemoryState] {
  const state = new MemoryState([
    [sender, { balance: ether }],
    ...(Object.entries(accounts) as [Address, MemoryAccount][]),
  ]);
  return [evm.beginBlock({ fork, state, block }), state];
}

function payload(changes: Partial<DynamicFeePayload> = {}): DynamicFeePayload {
  return {
    ...{ type: 2, chainId: 1n, nonce: 0n, gasLimit: 100_000n, value: 0n, data: new Uint8Array(0), accessList: [] },
    ...{ maxFeePerGas: 20n, maxPriorityFeePerGas: 3n, to: other },
    ...changes,
  };
}

/** The code with which a transaction is refused; undefined when it is not. */
function refusal(execute: () => unknown): string | undefined {
  try {
    execute();
    return undefined;
  } catch (error) {
    if (!(error instanceof TransactionError)) throw error;
    return error.code;
  }
}

describe("a plain transfer", () => {
  test("moves the value, burns the base fee and tips the beneficiary", () => {
    const [execution] = begin({});
    const result = execution.executeTransaction({ transaction: payload({ value: 5n }), sender });
    expect(result).toMatchObject({
      succeeded: true,
      gasUsed: 21_000n,
      effectiveGasPrice: 13n,
      createdAddress: undefined,
    });
    const { accounts } = execution.changes();
    expect(accounts.get(other)?.balance).toBe(5n);
    expect(accounts.get(beneficiary)?.balance).toBe(3n * 21_000n);
    expect(accounts.get(sender)).toMatchObject({ nonce: 1n, balance: ether - 5n - 13n * 21_000n });
  });

  test("of nothing leaves no account behind", () => {
    const [execution] = begin({});
    execution.executeTransaction({ transaction: payload(), sender });
    expect(execution.changes().accounts.has(other)).toBe(false);
  });
});

describe("a transaction that is not valid changes nothing and says why", () => {
  const blob: TransactionPayload = {
    ...payload(),
    ...{ type: 3, to: other, maxFeePerBlobGas: 0n, blobVersionedHashes: [`0x01${"00".repeat(31)}`] },
  };
  const cases: readonly (readonly [string, TransactionPayload, string])[] = [
    ["nonce of the past", payload({ nonce: 0n }), "NONCE_TOO_LOW"],
    ["nonce of the future", payload({ nonce: 2n }), "NONCE_TOO_HIGH"],
    ["a wei more than there is", payload({ nonce: 1n, value: ether - 20n * 100_000n + 1n }), "INSUFFICIENT_FUNDS"],
    ["fee cap below the base fee", payload({ nonce: 1n, maxFeePerGas: 9n }), "FEE_BELOW_BASE_FEE"],
    ["blob fee below the blob base fee", { ...blob, nonce: 1n }, "BLOB_FEE_BELOW_BASE_FEE"],
    ["gas below the intrinsic", payload({ nonce: 1n, gasLimit: 20_999n }), "INTRINSIC_GAS_TOO_LOW"],
    ["gas above EIP-7825", payload({ nonce: 1n, gasLimit: 16_777_217n }), "GAS_LIMIT_ABOVE_CAP"],
    ["another chain", payload({ nonce: 1n, chainId: 2n }), "CHAIN_ID_MISMATCH"],
  ];
  test.each(cases)("%s", (_name, transaction, code) => {
    const [execution] = begin({ [sender]: { balance: ether, nonce: 1n } });
    expect(refusal(() => execution.executeTransaction({ transaction, sender }))).toBe(code);
    expect(execution.changes().accounts.size).toBe(0);
    expect(execution.gasUsed).toBe(0n);
  });

  test("the last wei that suffices does suffice", () => {
    const [execution] = begin({});
    const value = ether - 20n * 100_000n;
    expect(execution.executeTransaction({ transaction: payload({ value }), sender }).succeeded).toBe(true);
  });

  test("a sender with code, unless it delegates", () => {
    const transaction = payload();
    const [execution] = begin({ [sender]: { balance: ether, code: hexToBytes("0x00") } });
    expect(() => execution.executeTransaction({ transaction, sender })).toThrow(TransactionError);
    const [delegating] = begin({ [sender]: { balance: ether, code: delegationDesignator(other) } });
    expect(delegating.executeTransaction({ transaction, sender }).succeeded).toBe(true);
    const [cancun] = begin({ [sender]: { balance: ether, code: delegationDesignator(other) } }, "cancun");
    expect(() => cancun.executeTransaction({ transaction, sender })).toThrow(TransactionError);
  });

  test("more gas than the block has left", () => {
    const [execution] = begin({ [contract]: { code: hexToBytes("0xfe") } });
    const gasLimit = 16_000_000n;
    execution.executeTransaction({ transaction: payload({ to: contract, gasLimit }), sender });
    expect(execution.gasUsed).toBe(gasLimit);
    const transaction = payload({ nonce: 1n, gasLimit });
    expect(refusal(() => execution.executeTransaction({ transaction, sender }))).toBe("BLOCK_GAS_EXHAUSTED");
  });
});

describe("several transactions of a block", () => {
  test("build on each other, with cold access and original values anew", () => {
    // SSTORE(0, CALLDATALOAD(0))
    const [execution] = begin({ [contract]: { code: hexToBytes("0x6000355f55"), storage: [[0n, 1n]] } });
    const store = (nonce: bigint, value: string): bigint => {
      const data = hexToBytes(`0x${value.padStart(64, "0")}`);
      return execution.executeTransaction({ transaction: payload({ nonce, to: contract, data }), sender }).gasUsed;
    };
    const first = store(0n, "2");
    expect(store(1n, "3")).toBe(first);
    expect(execution.changes().storage.get(contract)).toEqual([[0n, 3n]]);
    store(2n, "1");
    // Back where it was: no difference to the state that the block began with.
    expect(execution.changes().storage.has(contract)).toBe(false);
  });

  test("transient storage ends with its transaction", () => {
    // Returns TLOAD(0) and sets it to 1.
    const [execution] = begin({ [contract]: { code: hexToBytes("0x5f5c5f5260015f5d60205ff3") } });
    for (const nonce of [0n, 1n]) {
      const { output } = execution.executeTransaction({ transaction: payload({ nonce, to: contract }), sender });
      expect(BigInt(bytesToHex(output))).toBe(0n);
    }
  });

  test("an account created and destroyed in one transaction was never there; later its address is free again", () => {
    // CREATE2(value 1, salt 0) of init code that does SSTORE(0, 1) and SELFDESTRUCT(caller).
    const initCode = "60015f5533ff";
    const code = hexToBytes(`0x65${initCode}5f525f6006601a6001f500`);
    const [execution] = begin({ [contract]: { code, balance: 10n, nonce: 1n } });
    for (const nonce of [0n, 1n]) {
      expect(execution.executeTransaction({ transaction: payload({ nonce, to: contract }), sender }).succeeded).toBe(
        true,
      );
    }
    const { accounts, storage, code: deployed } = execution.changes();
    expect([...accounts.keys()].sort()).toEqual([contract, beneficiary, sender].sort());
    expect(accounts.get(contract)).toMatchObject({ balance: 10n, nonce: 3n });
    expect(storage.size + deployed.size).toBe(0);
  });
});

describe("creation", () => {
  test("deploys what init code returns, at the address of sender and nonce", () => {
    // Returns the one byte 0x5b.
    const [execution] = begin({});
    const data = hexToBytes("0x605b5f5360015ff3");
    const result = execution.executeTransaction({ transaction: payload({ to: undefined, data }), sender });
    expect(result).toMatchObject({ succeeded: true, output: Uint8Array.of(0x5b) });
    const { accounts, code } = execution.changes();
    const created = accounts.get(result.createdAddress as Address);
    expect(created).toMatchObject({ nonce: 1n, balance: 0n });
    expect(code.get(created?.codeHash as Address)).toEqual(Uint8Array.of(0x5b));
  });

  test("code that begins with 0xef is refused (EIP-3541)", () => {
    const [execution] = begin({});
    const data = hexToBytes("0x60ef5f5360015ff3");
    const result = execution.executeTransaction({ transaction: payload({ to: undefined, data }), sender });
    expect(result).toMatchObject({ succeeded: false, failure: "CODE_STARTS_WITH_EF", gasUsed: 100_000n });
  });
});

describe("EIP-7702", () => {
  const authority = createSigner(new Uint8Array(32).fill(9));
  const delegate: Address = contract;

  test("an authorization delegates, also when the transaction then fails; the zero address ends it", () => {
    // Reverts.
    const [execution, state] = begin({ [contract]: { code: hexToBytes("0x5f5ffd") } });
    const execute = (nonce: bigint, address: Address, authorizationNonce: bigint): boolean => {
      const authorization = signAuthorization({ chainId: 1n, address, nonce: authorizationNonce }, authority);
      const transaction: TransactionPayload = {
        ...payload({ nonce, to: authority.address }),
        ...{ type: 4, to: authority.address, authorizationList: [authorization] },
      };
      return execution.executeTransaction({ transaction, sender }).succeeded;
    };
    expect(execute(0n, delegate, 0n)).toBe(false);
    state.apply(execution.changes());
    const account = state.account(authority.address);
    expect(account?.nonce).toBe(1n);
    expect(state.code(account?.codeHash as Address)).toEqual(delegationDesignator(delegate));
    expect(execute(1n, "0x0000000000000000000000000000000000000000", 1n)).toBe(true);
    expect(execution.changes().accounts.get(authority.address)).toMatchObject({ nonce: 2n });
  });
});

test("a call may come from nowhere and pay nothing", () => {
  const [execution] = begin({ [contract]: { code: hexToBytes("0x485f5260205ff3") } });
  const free = evm.beginBlock({
    fork: "osaka",
    state: new MemoryState([[contract, { code: hexToBytes("0x485f5260205ff3") }]]),
    block: { ...block, baseFeePerGas: 0n },
  });
  const transaction = payload({
    ...{ to: contract, nonce: 77n, maxFeePerGas: 0n, maxPriorityFeePerGas: 0n, gasLimit: 50_000_000n },
  });
  const { succeeded, output } = free.executeTransaction({ transaction, sender: other, checks: "call" });
  expect([succeeded, BigInt(bytesToHex(output))]).toEqual([true, 0n]);
  expect(() => execution.executeTransaction({ transaction, sender: other, checks: "call" })).toThrow(TransactionError);
});
