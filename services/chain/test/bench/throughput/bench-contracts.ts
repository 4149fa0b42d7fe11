import type { StateReader } from "@koinon/ethereum/state-access";
import { wordToBytes } from "@koinon/ethereum/word";
import { Evm } from "@koinon/evm/evm";
import { precompiles } from "@koinon/precompiles/precompiles";
import { type Address, zeroAddress } from "@koinon/secp256k1/address";
import { type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import { keccak256 } from "@koinon/secp256k1/keccak";
import { testPairAbi, testPairBytecode, testPairSlots } from "@koinon/solidity/artifacts/test-pair";
import { testTokenAbi, testTokenBytecode, testTokenSlots } from "@koinon/solidity/artifacts/test-token";
import { encodeDeployData } from "viem";

/** Where the contracts of the bench are. */
export const tokens: readonly [Address, Address] = [
  "0x00000000000000000000000000000000000c0de1",
  "0x00000000000000000000000000000000000c0de2",
];
export const pair: Address = "0x00000000000000000000000000000000000c0de3";

/** What a constructor leaves behind. */
export interface DeployedContract {
  readonly code: Uint8Array;
  readonly storage: readonly (readonly [slot: bigint, word: bigint])[];
}

const holderBalance = 10n ** 24n;
const reserve = 10n ** 30n;
const unlimited = 2n ** 256n - 1n;
const gasLimit = 30_000_000n;
const creator: Address = "0x00000000000000000000000000000000000000c0";

/** A token of which everybody in a list holds the same amount, and which the pair may take from some of them. */
export function* tokenStorage(holders: Iterable<Address>, traders: Iterable<Address>): Iterable<[bigint, bigint]> {
  let supply = reserve;
  for (const holder of holders) {
    supply += holderBalance;
    yield [mappingSlot(holder, testTokenSlots._balances), holderBalance];
  }
  yield [mappingSlot(pair, testTokenSlots._balances), reserve];
  yield [testTokenSlots._totalSupply, supply];
  for (const trader of traders) {
    yield [nestedSlot(trader, pair, testTokenSlots._allowances), unlimited];
  }
}

/** The token's code, and what its constructor stored. */
export function deployToken(): DeployedContract {
  const args = ["Bench Token", "BENCH"] as const;
  return deploy(encodeDeployData({ abi: testTokenAbi, bytecode: testTokenBytecode, args }));
}

/** The exchange of the two tokens with its reserves. */
export function deployPair(): DeployedContract {
  const { code, storage } = deploy(
    encodeDeployData({ abi: testPairAbi, bytecode: testPairBytecode, args: [...tokens] }),
  );
  const shares: [bigint, bigint][] = [
    [testPairSlots._totalSupply, reserve],
    [mappingSlot(creator, testPairSlots._balances), reserve],
  ];
  return { code, storage: [...storage, ...shares, [testPairSlots.reserve0, reserve | (reserve << 112n)]] };
}

const nothing: StateReader = {
  account: () => undefined,
  storage: () => 0n,
  hasStorage: () => false,
  code: () => new Uint8Array(0),
};

function deploy(data: Hex): DeployedContract {
  const evm = new Evm(
    { chainId: 1n, codeCacheBytes: 1 << 20, hashSecret: 1n },
    { precompiles, recoverAuthority: () => undefined },
  );
  const block = {
    ...{ number: 1n, timestamp: 1n, gasLimit, baseFeePerGas: 0n, baseFeePerBlobGas: 1n },
    ...{ beneficiary: zeroAddress, prevRandao: `0x${"00".repeat(32)}` as const, blockHash: () => undefined },
  };
  const execution = evm.beginBlock({ fork: "prague", state: nothing, block });
  const fees = { gasPrice: 0n, gasLimit, value: 0n };
  const transaction = { type: 0, chainId: 1n, nonce: 0n, to: undefined, data: hexToBytes(data), ...fees } as const;
  const { createdAddress } = execution.executeTransaction({ transaction, sender: creator });
  const { accounts, storage, code } = execution.changes();
  const codeHash = createdAddress && accounts.get(createdAddress)?.codeHash;
  if (createdAddress === undefined || codeHash === undefined)
    throw new Error("a contract of the bench can not be made");
  return { code: code.get(codeHash) as Uint8Array, storage: [...(storage.get(createdAddress) ?? [])] };
}

/** Where Solidity keeps a mapping's value. */
function mappingSlot(key: Address, slot: bigint): bigint {
  return slotOf(key, wordToBytes(slot));
}

function nestedSlot(outer: Address, inner: Address, slot: bigint): bigint {
  return slotOf(inner, wordToBytes(mappingSlot(outer, slot)));
}

function slotOf(key: Address, base: Uint8Array): bigint {
  const bytes = new Uint8Array(64);
  bytes.set(hexToBytes(key), 12);
  bytes.set(base, 32);
  return BigInt(`0x${Buffer.from(keccak256(bytes)).toString("hex")}`);
}
