import type { Fork } from "@koinon/ethereum/fork";
import type { AccessListEntry, Transaction, TransactionPayload } from "@koinon/ethereum/transaction";
import { signAuthorization, signTransaction } from "@koinon/ethereum/transaction-signing";
import type { Address } from "@koinon/secp256k1/address";
import { createSigner } from "@koinon/secp256k1/ecdsa";
import type { MemoryAccount } from "@koinon/state/memory-state";
import { delegationDesignator } from "../../src/authorization.ts";
import { ProgramWriter } from "./program.ts";
import { Random } from "./random.ts";

/** A state and transactions on it, one after the other. */
export interface Scenario {
  readonly accounts: readonly (readonly [Address, MemoryAccount])[];
  readonly transaction: Transaction;
  /** What follows `transaction` in the same block. */
  readonly later: readonly Transaction[];
  readonly sender: Address;
}

/** The key of the sender. */
export const senderKey = new Uint8Array(32).fill(0x11);
const sender = createSigner(senderKey);
const authority = createSigner(new Uint8Array(32).fill(0x22));
const contracts: readonly Address[] = Array.from({ length: 5 }, (_, index) => numbered(0xc0de00 + index));
const delegating: Address = numbered(0xde1e);
const coin: Address = numbered(0xc01);
const stranger: Address = numbered(0x5742);
export const beneficiary: Address = coin;

function numbered(value: number): Address {
  return `0x${value.toString(16).padStart(40, "0")}`;
}

/** The scenario of a seed. */
export function createScenario(seed: number, fork: Fork, laterCount = 0): Scenario {
  const random = new Random(seed);
  const precompiles = Array.from({ length: 9 }, (_, index) => numbered(1 + index));
  const addresses = [
    ...contracts,
    ...contracts,
    ...precompiles,
    ...[delegating, coin, stranger, sender.address, authority.address],
  ];
  const writer = new ProgramWriter(random, fork, addresses);
  const accounts: (readonly [Address, MemoryAccount])[] = contracts.map((address) => [
    address,
    {
      nonce: 1n,
      balance: BigInt(random.below(3) * 500),
      code: random.oneIn(10) ? random.bytes(random.below(60)) : writer.write(5 + random.below(60)),
      storage: Array.from({ length: 4 }, (_, slot) => [BigInt(slot), BigInt(random.below(3))] as const).filter(
        ([, value]) => value !== 0n,
      ),
    },
  ]);
  accounts.push([sender.address, { balance: 10n ** 20n, nonce: 5n }]);
  accounts.push([coin, { balance: 1n }]);
  if (fork !== "cancun") {
    const code = delegationDesignator(random.pick([...contracts, numbered(4), delegating]));
    accounts.push([delegating, { nonce: 1n, balance: 1_000n, code }]);
    if (random.oneIn(2)) accounts.push([authority.address, { nonce: BigInt(random.below(2)), balance: 10n }]);
  }
  const [transaction, ...later] = Array.from({ length: 1 + laterCount }, (_, index) => {
    const payload = createPayload(random, fork, writer);
    return signTransaction({ ...payload, nonce: payload.nonce + BigInt(index) }, sender);
  }) as [Transaction, ...Transaction[]];
  return { accounts, transaction, later, sender: sender.address };
}

function createPayload(random: Random, fork: Fork, writer: ProgramWriter): TransactionPayload {
  const type = random.pick(fork === "cancun" ? [0, 1, 2] : [0, 1, 2, 4]);
  const isCreate = type !== 4 && random.oneIn(6);
  const data = isCreate ? writer.write(30) : random.bytes(random.oneIn(5) ? random.below(2_000) : random.below(100));
  const to = isCreate ? undefined : random.oneIn(15) ? stranger : random.pick([...contracts, ...contracts, delegating]);
  const common = {
    nonce: 5n,
    gasLimit: BigInt(130_000 + random.below(random.oneIn(8) ? 100_000 : 3_000_000)),
    value: BigInt(random.oneIn(3) ? random.below(10_000) : 0),
    data,
    chainId: 1n,
  };
  const accessList: AccessListEntry[] = random.oneIn(2)
    ? [{ address: random.pick(contracts), storageKeys: [BigInt(random.below(4)), BigInt(random.below(4))] }]
    : [];
  const fees = { maxFeePerGas: 1_000n, maxPriorityFeePerGas: BigInt(random.below(1_000)) };
  if (type === 0) return { ...common, type, to, gasPrice: 1_000n };
  if (type === 1) return { ...common, type, to, gasPrice: 1_000n, accessList };
  if (type === 2) return { ...common, ...fees, type, to, accessList };
  const authorizationList = Array.from({ length: 1 + random.below(2) }, () =>
    signAuthorization(
      {
        chainId: BigInt(random.below(3)),
        address: random.pick([...contracts, numbered(0), numbered(4)]),
        nonce: BigInt(random.below(3)),
      },
      random.oneIn(8) ? sender : authority,
    ),
  );
  return { ...common, ...fees, type: 4, to: to ?? stranger, accessList, authorizationList };
}
