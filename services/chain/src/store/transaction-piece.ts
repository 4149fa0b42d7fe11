import { type Log, logItem } from "@koinon/ethereum/log";
import { encodeRlp, type RlpInput } from "@koinon/ethereum/rlp";
import { RlpReader } from "@koinon/ethereum/rlp-reader";
import type { EncodedTransaction } from "@koinon/ethereum/transaction";
import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
import type { TransactionOutcome } from "../executed-block.ts";

/**
 * Transactions in one piece on disk. One transaction is read with its piece, so small pieces make look-ups cheap; every piece is
 * an entry, so large ones make blocks cheap to write.
 */
export const transactionsPerPiece = 64;

/** A transaction as it is on disk, with what it did and what came before it in its block. */
export interface StoredTransaction extends TransactionOutcome {
  readonly raw: Uint8Array;
  readonly hash: Hex;
  readonly sender: Address;
  /** Up to and with this one. */
  readonly cumulativeGasUsed: bigint;
  /** Logs of the block before this one's. */
  readonly firstLogIndex: number;
}

/** What the transactions before a piece did together. */
export interface PieceStart {
  readonly gasUsed: bigint;
  readonly logs: number;
}

/** A piece: an RLP list of gas and logs before it, and then for each transaction its bytes, hash, sender, status, gas and logs. */
export function encodePiece(
  { gasUsed: gasBefore, logs: logsBefore }: PieceStart,
  transactions: readonly EncodedTransaction[],
  outcomes: readonly TransactionOutcome[],
): Uint8Array {
  const items: RlpInput[] = [gasBefore, logsBefore];
  for (const [index, { raw, hash, sender }] of transactions.entries()) {
    const { succeeded, gasUsed, logs } = outcomes[index] as TransactionOutcome;
    items.push([raw, hash, sender, succeeded ? 1 : 0, gasUsed, logs.map(logItem)]);
  }
  return encodeRlp(items);
}

/** Reads what `encodePiece` wrote. */
export function decodePiece(bytes: Uint8Array): StoredTransaction[] {
  const items = new RlpReader(bytes).list();
  let gasUsed = items.integer(8);
  let logCount = Number(items.integer(8));
  const stored: StoredTransaction[] = [];
  while (!items.isDone()) {
    const transaction = readStored(items.list(), gasUsed, logCount);
    gasUsed = transaction.cumulativeGasUsed;
    logCount += transaction.logs.length;
    stored.push(transaction);
  }
  return stored;
}

/** The hashes alone, which is all that most readers of a block want. */
export function hashesOfPiece(bytes: Uint8Array): Hex[] {
  const items = new RlpReader(bytes).list();
  items.raw();
  items.raw();
  const hashes: Hex[] = [];
  while (!items.isDone()) {
    const item = items.list();
    item.raw();
    hashes.push(item.hex(32));
  }
  return hashes;
}

function readStored(item: RlpReader, gasBefore: bigint, firstLogIndex: number): StoredTransaction {
  const raw = item.bytes();
  const hash = item.hex(32);
  const sender = item.hex(20);
  const succeeded = item.integer(1) === 1n;
  const gasUsed = item.integer(8);
  const logs = readLogs(item.list());
  return { raw, hash, sender, succeeded, gasUsed, cumulativeGasUsed: gasBefore + gasUsed, logs, firstLogIndex };
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
