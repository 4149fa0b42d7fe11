import type { TransactionPayload } from "@koinon/ethereum/transaction";
import { encodeTransaction } from "@koinon/ethereum/transaction-encode";
import { signTransaction } from "@koinon/ethereum/transaction-signing";
import type { Address } from "@koinon/secp256k1/address";
import { hexToBytes } from "@koinon/secp256k1/hex";
import { testPairAbi } from "@koinon/solidity/artifacts/test-pair";
import { SeededRandom } from "@koinon/testkit/seeded-random";
import { encodeFunctionData } from "viem";
import { signerOf, transfer } from "../../sample-transactions.ts";
import { pair, tokens } from "./bench-contracts.ts";
import { accountAddress, type StateSize } from "./bench-state.ts";
import { SignedLoad } from "./signed-load.ts";

/** What a workload's transactions do; senders take turns, recipients are any accounts. */
export type WorkloadName = "transfers" | "erc20" | "swap";

type Changes = Partial<TransactionPayload>;

const workloads: Readonly<Record<WorkloadName, (recipient: Address, sender: Address, index: number) => Changes>> = {
  transfers: (to) => ({ to, value: 1n }),
  erc20: (recipient) => ({
    to: tokens[0],
    value: 0n,
    gasLimit: 60_000n,
    data: hexToBytes(`0xa9059cbb${recipient.slice(2).padStart(64, "0")}${"1".padStart(64, "0")}`),
  }),
  // There and back, so that the price stays where it is.
  swap: (_, sender, index) => ({
    to: pair,
    value: 0n,
    gasLimit: 150_000n,
    data: hexToBytes(
      encodeFunctionData({
        abi: testPairAbi,
        functionName: "swapExactInput",
        args: [index % 2 === 0, 1_000_000n + BigInt(index), 0n, sender],
      }),
    ),
  }),
};

const fees = { maxFeePerGas: 10n ** 13n, maxPriorityFeePerGas: 1_000_000_000n };

/** Senders of one load. */
const sendersPerLoad = 1_000;
/** Every load has senders of its own, so that each can be sent without the others: by workload and way in. */
const loads: readonly WorkloadName[] = ["transfers", "erc20", "swap"];
const waysIn = 2;

/** How many accounts need keys. */
export const keyedAccounts = loads.length * waysIn * sendersPerLoad;

/** Signs the transactions of a load in the order in which they are to be sent, before anything is measured. */
export function signLoad(name: WorkloadName, way: number, count: number, size: StateSize): SignedLoad {
  const first = (loads.indexOf(name) * waysIn + way) * sendersPerLoad;
  const signers = Array.from({ length: sendersPerLoad }, (_, index) => signerOf(first + index));
  const random = new SeededRandom(`${name} ${way}`);
  const raws = Array.from({ length: count }, (_, index) => {
    const signer = signers[index % sendersPerLoad] as (typeof signers)[number];
    const others = Math.max(1, size.accounts - size.keyed);
    const recipient = accountAddress(size.keyed + random.integer(others), size);
    const changes = workloads[name](recipient, signer.address, index);
    const payload = transfer(Math.floor(index / sendersPerLoad), { ...fees, ...changes });
    return encodeTransaction(signTransaction(payload, signer));
  });
  return SignedLoad.of(raws);
}
