import type { Log } from "@koinon/ethereum/log";
import { encodeRlp, type RlpInput } from "@koinon/ethereum/rlp";
import { RlpReader } from "@koinon/ethereum/rlp-reader";
import type { RecoveredTransaction } from "@koinon/ethereum/transaction";
import { decodeTransaction } from "@koinon/ethereum/transaction-decode";
import type { Hex } from "@koinon/secp256k1/hex";
import type { TransactionOutcome } from "../executed-block.ts";

/**
 * Transactions in one piece on disk. One transaction is read with its piece, so small pieces make look-ups cheap; every piece is
 * an entry, so large ones make blocks cheap to write.
 */
export const transactionsPerPiece = 64;

/** A transaction with what it did. */
export interface StoredTransaction {
  readonly transaction: RecoveredTransaction;
  readonly outcome: TransactionOutcome;
}

/** A piece: an RLP list of bytes, hash, sender, status, gas used and logs. */
export function encodePiece(
  transactions: readonly RecoveredTransaction[],
  outcomes: readonly TransactionOutcome[],
): Uint8Array {
  const items = transactions.map(({ raw, hash, sender }, index): RlpInput => {
    const { succeeded, gasUsed, logs } = outcomes[index] as TransactionOutcome;
    return [
      raw,
      hash,
      sender,
      succeeded ? 1 : 0,
      gasUsed,
      logs.map(({ address, topics, data }) => [address, topics, data]),
    ];
  });
  return encodeRlp(items);
}

/** Reads a piece from its `skip`th transaction on, at most `count` of them. */
export function decodePiece(bytes: Uint8Array, { skip = 0, count = transactionsPerPiece } = {}): StoredTransaction[] {
  const items = new RlpReader(bytes).list();
  const stored: StoredTransaction[] = [];
  for (let index = 0; !items.isDone() && stored.length < count; index++) {
    if (index < skip) items.raw();
    else stored.push(readStored(items.list()));
  }
  return stored;
}

function readStored(item: RlpReader): StoredTransaction {
  const raw = item.bytes();
  const transaction = { transaction: decodeTransaction(raw), raw, hash: item.hex(32), sender: item.hex(20) };
  const succeeded = item.integer(1) === 1n;
  const gasUsed = item.integer(8);
  return { transaction, outcome: { succeeded, gasUsed, logs: readLogs(item.list()) } };
}

function readLogs(items: RlpReader): Log[] {
  const logs: Log[] = [];
  while (!items.isDone()) {
    const item = items.list();
    const address = item.hex(20);
    const topicItems = item.list();
    const topics: Hex[] = [];
    while (!topicItems.isDone()) topics.push(topicItems.hex(32));
    logs.push({ address, topics, data: item.bytes() });
  }
  return logs;
}
