import type { RecoveredTransaction, Transaction } from "@koinon/ethereum/transaction";
import { encodeTransaction } from "@koinon/ethereum/transaction-encode";
import { recoverAuthority } from "@koinon/ethereum/transaction-signing";
import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
import type { NextBlock } from "../../src/mempool/admission-rules.ts";
import { Mempool, type MempoolOptions } from "../../src/mempool/mempool.ts";
import type { SenderAccount } from "../../src/mempool/sender-queue.ts";
import { transfer } from "../sample-transactions.ts";

/** Wide bounds; tests narrow what they are about. */
export const poolOptions: MempoolOptions = {
  chainId: 31_337n,
  minTip: 0n,
  transactionBytesMax: 131_072,
  allowUnprotected: true,
  refuseBelowBaseFee: false,
  transactionsMax: 1_000,
  bytesMax: 1_000_000,
  senderTransactionsMax: 64,
  senderQueuedMax: 32,
  priceBumpPercent: 10,
  queuedLifetimeMs: 60_000,
};

export const nextBlock: NextBlock = { fork: "osaka", gasLimit: 30_000_000n, baseFeePerGas: 10n };

/** The address with this number. */
export function addressOf(index: number): Address {
  return `0x${(index + 1).toString(16).padStart(40, "0")}`;
}

/** A transaction as ingestion gives it; hash and sender are made up, because the pool believes them, and so are bytes of a given length. */
export function recovered(
  sender: number,
  nonce: number,
  changes: Partial<Transaction> & { bytes?: number; id?: string } = {},
): RecoveredTransaction {
  const { bytes, id = "", ...fields } = changes;
  const payload = transfer(nonce, { maxFeePerGas: 100n, maxPriorityFeePerGas: 5n, ...fields });
  const transaction: Transaction = { ...payload, signature: { yParity: 0, r: 1n, s: 1n } };
  const facts = `${sender}/${nonce}/${transaction.gasLimit}/${transaction.value}/${JSON.stringify(fees(transaction))}/${bytes}/${id}`;
  const hash: Hex = `0x${Buffer.from(facts).toString("hex")}`;
  const raw = bytes === undefined ? encodeTransaction(transaction) : new Uint8Array(bytes);
  return { transaction, raw, hash, sender: addressOf(sender) };
}

function fees(transaction: Transaction): string[] {
  if (transaction.type === 0 || transaction.type === 1) return [`${transaction.gasPrice}`];
  return [`${transaction.maxFeePerGas}`, `${transaction.maxPriorityFeePerGas}`];
}

/** A pool over accounts that a test changes at will; all start with nonce 0 and ample funds. */
export function createPool(changes: Partial<MempoolOptions> = {}, next: NextBlock = nextBlock) {
  const accounts = new Map<Address, SenderAccount>();
  const clock = { nowMs: 1_000_000, now: () => clock.nowMs };
  const rich: SenderAccount = { nonce: 0n, balance: 10n ** 18n, hasCode: false };
  const account = (address: Address): SenderAccount => accounts.get(address) ?? rich;
  const pool = new Mempool({ ...poolOptions, ...changes }, next, { clock, account, recoverAuthority });
  const setAccount = (sender: number, facts: Partial<SenderAccount>): void => {
    accounts.set(addressOf(sender), { ...account(addressOf(sender)), ...facts });
  };
  return { pool, clock, account, setAccount };
}

/** The rejection's code, or whether it is pending. */
export function verdict(outcome: ReturnType<Mempool["add"]>): string {
  if ("rejection" in outcome) return outcome.rejection.code;
  return outcome.isPending ? "pending" : "queued";
}
