import type { Transaction, TransactionPayload } from "@koinon/ethereum/transaction";
import { encodeTransaction } from "@koinon/ethereum/transaction-encode";
import { signTransaction } from "@koinon/ethereum/transaction-signing";
import { createSigner } from "@koinon/secp256k1/ecdsa";
import type { Signer } from "@koinon/secp256k1/signer";

/** A key that depends on the index alone. */
export function signerOf(index: number): Signer {
  const key = new Uint8Array(32).fill(1);
  new DataView(key.buffer).setUint32(28, index + 1);
  return createSigner(key);
}

/** A plain transfer on chain 31337. */
export function transfer(nonce: number, changes: Partial<TransactionPayload> = {}): TransactionPayload {
  return {
    type: 2,
    chainId: 31_337n,
    nonce: BigInt(nonce),
    maxPriorityFeePerGas: 1_000_000_000n,
    maxFeePerGas: 2_000_000_000n,
    gasLimit: 21_000n,
    to: "0x00000000000000000000000000000000000000aa",
    value: 1n,
    data: new Uint8Array(0),
    accessList: [],
    ...changes,
  } as TransactionPayload;
}

/** Transfers of different senders, one each. */
export function signedTransfers(count: number): { raws: Uint8Array[]; senders: string[]; transactions: Transaction[] } {
  const signers = Array.from({ length: count }, (_, index) => signerOf(index));
  const transactions = signers.map((signer, index) => signTransaction(transfer(index), signer));
  return { raws: transactions.map(encodeTransaction), senders: signers.map(({ address }) => address), transactions };
}
