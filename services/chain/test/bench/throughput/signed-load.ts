import { keccakHex } from "@koinon/ethereum/hash";
import { encodeTransaction } from "@koinon/ethereum/transaction-encode";
import { signTransaction } from "@koinon/ethereum/transaction-signing";
import { SeededRandom } from "@koinon/testkit/seeded-random";
import { signerOf, transfer } from "../../sample-transactions.ts";
import { fillerAddress } from "./bench-genesis.ts";

/** A transaction ready to be sent. */
export interface SignedTransaction {
  readonly raw: Uint8Array;
  readonly hash: string;
}

/** Plain transfers between random accounts, signed before anything is measured; senders take turns. */
export function signTransfers(count: number, senders: number, accounts: number): SignedTransaction[] {
  const random = new SeededRandom("transfers");
  const signers = Array.from({ length: senders }, (_, index) => signerOf(index));
  return Array.from({ length: count }, (_, index) => {
    const signer = signers[index % senders] as (typeof signers)[number];
    const to = fillerAddress(senders + random.integer(Math.max(1, accounts - senders)));
    const fees = { maxFeePerGas: 100_000_000_000n, maxPriorityFeePerGas: 1_000_000_000n };
    const payload = transfer(Math.floor(index / senders), { ...fees, to, value: 1n });
    const raw = encodeTransaction(signTransaction(payload, signer));
    return { raw, hash: keccakHex(raw) };
  });
}
