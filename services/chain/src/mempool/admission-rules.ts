import type { Fork } from "@koinon/ethereum/fork";
import type { TransactionPayload } from "@koinon/ethereum/transaction";
import { transactionRuleFault } from "@koinon/ethereum/transaction-rules";
import type { PooledTransaction } from "./pooled-transaction.ts";
import type { MempoolRejection } from "./rejection.ts";
import type { SenderQueue } from "./sender-queue.ts";

/** What the pool demands of a single transaction. */
export interface AdmissionPolicy {
  readonly chainId: bigint;
  /** Least priority fee in wei per gas. */
  readonly minTip: bigint;
  readonly transactionBytesMax: number;
  /** Whether legacy transactions without a chain id (EIP-155) are taken. */
  readonly allowUnprotected: boolean;
  /** Whether transactions that the next block's base fee already rules out are turned away rather than kept for later. */
  readonly refuseBelowBaseFee: boolean;
}

/** What the next block is going to be. */
export interface NextBlock {
  readonly fork: Fork;
  readonly gasLimit: bigint;
  /** Wei per gas. */
  readonly baseFeePerGas: bigint;
}

/** Why this transaction is not wanted, whoever its sender is. */
export function policyRejection(
  entry: PooledTransaction,
  transaction: TransactionPayload,
  policy: AdmissionPolicy,
  next: NextBlock,
): MempoolRejection | undefined {
  const { raw } = entry;
  if (transaction.type === 3) return { code: "BLOB_TRANSACTION_UNSUPPORTED" };
  if (raw.length > policy.transactionBytesMax) {
    return { code: "TRANSACTION_TOO_LARGE", length: raw.length, limit: policy.transactionBytesMax };
  }
  if (transaction.chainId === undefined && !policy.allowUnprotected) return { code: "REPLAY_PROTECTION_MISSING" };
  const fault = transactionRuleFault(transaction, { fork: next.fork, chainId: policy.chainId });
  if (fault !== undefined) return fault;
  if (transaction.gasLimit > next.gasLimit) {
    return { code: "GAS_LIMIT_ABOVE_BLOCK", gasLimit: transaction.gasLimit, blockGasLimit: next.gasLimit };
  }
  if (entry.maxTip < policy.minTip) {
    return { code: "TIP_BELOW_MINIMUM", maxPriorityFeePerGas: entry.maxTip, minimum: policy.minTip };
  }
  if (policy.refuseBelowBaseFee && entry.maxFee < next.baseFeePerGas) {
    const { sender, maxFee } = entry;
    return { code: "MAX_FEE_BELOW_BASE_FEE", sender, maxFeePerGas: maxFee, baseFeePerGas: next.baseFeePerGas };
  }
  return undefined;
}

/** Why the sender's account does not allow this transaction on top of its pending ones. */
export function accountRejection(entry: PooledTransaction, queue: SenderQueue): MempoolRejection | undefined {
  const { nonce } = entry;
  const { account, pendingCost } = queue;
  if (nonce < account.nonce) return { code: "NONCE_TOO_LOW", next: account.nonce, nonce };
  const replacedCost = queue.getPending(nonce)?.cost;
  if (entry.cost > account.balance || pendingCost - (replacedCost ?? 0n) + entry.cost > account.balance) {
    return { code: "INSUFFICIENT_FUNDS", balance: account.balance, cost: entry.cost, pendingCost, replacedCost };
  }
  return undefined;
}
