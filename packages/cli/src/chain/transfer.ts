import type { DynamicFeePayload } from "@koinon/ethereum/transaction";
import { encodeTransaction } from "@koinon/ethereum/transaction-encode";
import { signTransaction, transactionHash } from "@koinon/ethereum/transaction-signing";
import type { Address } from "@koinon/secp256k1/address";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import type { Signer } from "@koinon/secp256k1/signer";
import type { JsonRpc } from "./json-rpc.ts";

/** What became of a transfer. */
export interface TransferReceipt {
  readonly hash: Hex;
  readonly succeeded: boolean;
  readonly block: bigint;
  readonly from: Address;
  readonly to: Address;
  /** Wei. */
  readonly value: bigint;
  readonly gasUsed: bigint;
  /** Wei. */
  readonly fee: bigint;
}

const receiptWithinMs = 60_000;

/** Sends native coin and waits for its receipt; `sent` gets the hash first. Throws as JsonRpc does. */
export async function transfer(
  rpc: JsonRpc,
  { signer, to, value }: { readonly signer: Signer; readonly to: Address; readonly value: bigint },
  sent: (hash: Hex) => void,
): Promise<TransferReceipt> {
  const from = signer.address;
  const [chainId, nonce, tip, block, gasLimit] = await Promise.all([
    rpc.quantity("eth_chainId"),
    rpc.quantity("eth_getTransactionCount", from, "pending"),
    rpc.quantity("eth_maxPriorityFeePerGas"),
    rpc.object("eth_getBlockByNumber", "latest", false),
    // The recipient may be a contract.
    rpc.quantity("eth_estimateGas", { from, to, value: `0x${value.toString(16)}` }),
  ]);
  // Room for some full blocks before ours: the base fee rises by at most an eighth each (EIP-1559).
  const maxFeePerGas = 2n * BigInt(String(block?.baseFeePerGas ?? "0x0")) + tip;
  const payload: DynamicFeePayload = {
    ...{ type: 2, chainId, nonce, to, value, gasLimit, maxFeePerGas, maxPriorityFeePerGas: tip },
    ...{ data: new Uint8Array(0), accessList: [] },
  };
  const raw = encodeTransaction(signTransaction(payload, signer));
  const hash = transactionHash(raw);
  await rpc.call("eth_sendRawTransaction", bytesToHex(raw));
  sent(hash);
  const receipt = await rpc.objectWithin(receiptWithinMs, "eth_getTransactionReceipt", hash);
  const gasUsed = BigInt(String(receipt.gasUsed));
  return {
    ...{ hash, from, to, value, gasUsed },
    succeeded: receipt.status === "0x1",
    block: BigInt(String(receipt.blockNumber)),
    fee: gasUsed * BigInt(String(receipt.effectiveGasPrice)),
  };
}
