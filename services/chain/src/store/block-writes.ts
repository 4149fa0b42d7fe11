import type { Log } from "@koinon/ethereum/log";
import { encodeRlp, encodeRlpList } from "@koinon/ethereum/rlp";
import { RlpReader } from "@koinon/ethereum/rlp-reader";
import { encodeWithdrawal, readWithdrawal, type Withdrawal } from "@koinon/ethereum/withdrawal";
import { type Hex, writeHex } from "@koinon/secp256k1/hex";
import { blockNumberBytes } from "@koinon/state/block-number";
import type { TableWriter } from "@koinon/state/user-tables";
import type { ExecutedBlock } from "../executed-block.ts";
import { encodeHeaderRecord } from "./header-record.ts";
import { encodeLogFilters } from "./log-filter.ts";
import { chainTables, markKeys, placeBytes } from "./tables.ts";
import { encodePiece, type PieceStart, transactionsPerPiece } from "./transaction-piece.ts";

const hashKeyBytes = 32;
/** Key of a withdrawal, and value of a mark that counts them. */
export const indexKey = blockNumberBytes;
/** Half a hash is as good a key as all of it: finding two alike takes 2^64 hashes, and readers compare the rest. */
const placeKeyBytes = 16;

/** Key of a block's number by its hash. */
export function numberKey(hash: Hex): Uint8Array {
  const key = new Uint8Array(hashKeyBytes);
  writeHex(hash, key, 0, hashKeyBytes);
  return key;
}

/** Key of a transaction's place by its hash. */
export function placeKey(hash: Hex): Uint8Array {
  const key = new Uint8Array(placeKeyBytes);
  writeHex(hash.slice(0, 2 + 2 * placeKeyBytes), key, 0, placeKeyBytes);
  return key;
}

/** Adds everything of a block to a transaction. */
export function writeBlock(tables: TableWriter, block: ExecutedBlock): void {
  const { hash, header, transactions, withdrawals, outcomes, sizeBytes } = block;
  const number = blockNumberBytes(header.number);
  const record = encodeHeaderRecord({ hash, header, transactionCount: transactions.length, sizeBytes });
  tables.put(chainTables.headers, number, record);
  tables.put(chainTables.numbers, numberKey(hash), number);
  if (withdrawals.length > 0) {
    tables.put(chainTables.withdrawals, number, encodeRlpList(withdrawals.map(encodeWithdrawal)));
    for (const { index } of withdrawals) tables.put(chainTables.withdrawalPlaces, indexKey(index), number);
    const next = (withdrawals.at(-1)?.index ?? 0n) + 1n;
    tables.put(chainTables.marks, markKeys.withdrawals, indexKey(next));
  }
  const pieceLogs: (readonly Log[])[] = [];
  let before = { gasUsed: 0n, logs: 0 };
  for (let start = 0; start < transactions.length; start += transactionsPerPiece) {
    const end = start + transactionsPerPiece;
    const done = outcomes.slice(start, end);
    const piece = encodePiece(before, transactions.slice(start, end), done);
    tables.put(chainTables.transactions, placeBytes(header.number, start / transactionsPerPiece), piece);
    pieceLogs.push(done.flatMap(({ logs }) => logs));
    before = done.reduce((sum, { gasUsed, logs }) => addUp(sum, gasUsed, logs.length), before);
  }
  const filters = encodeLogFilters(pieceLogs);
  if (filters !== undefined) tables.put(chainTables.logFilters, number, filters);
  writePlaces(tables, header.number, transactions);
}

/** Most entries of a block are places, so one key and one value are written over and over: `put` takes a copy. */
function writePlaces(tables: TableWriter, number: bigint, transactions: ExecutedBlock["transactions"]): void {
  const key = new Uint8Array(placeKeyBytes);
  const place = placeBytes(number, 0);
  const view = new DataView(place.buffer);
  for (const [index, { hash }] of transactions.entries()) {
    writeHex(hash.slice(0, 2 + 2 * placeKeyBytes), key, 0, placeKeyBytes);
    view.setUint32(8, index);
    tables.put(chainTables.places, key, place);
  }
}

function addUp(sum: PieceStart, gasUsed: bigint, logs: number): PieceStart {
  return { gasUsed: sum.gasUsed + gasUsed, logs: sum.logs + logs };
}

/** What has to be known of a block to remove it. */
export interface RemovableBlock {
  readonly hash: Hex;
  readonly number: bigint;
  readonly transactionHashes: readonly Hex[];
  readonly withdrawals: readonly Withdrawal[];
}

/** Removes everything of a block, the highest first; what stands in its place afterwards is to be written behind this. */
export function removeBlock(
  tables: TableWriter,
  { hash, number, transactionHashes, withdrawals }: RemovableBlock,
): void {
  tables.remove(chainTables.headers, blockNumberBytes(number));
  tables.remove(chainTables.numbers, numberKey(hash));
  tables.remove(chainTables.withdrawals, blockNumberBytes(number));
  tables.remove(chainTables.logFilters, blockNumberBytes(number));
  for (let piece = 0; piece * transactionsPerPiece < transactionHashes.length; piece++) {
    tables.remove(chainTables.transactions, placeBytes(number, piece));
  }
  for (const { index } of withdrawals) tables.remove(chainTables.withdrawalPlaces, indexKey(index));
  const [first] = withdrawals;
  if (first !== undefined) tables.put(chainTables.marks, markKeys.withdrawals, indexKey(first.index));
  for (const transactionHash of transactionHashes) tables.remove(chainTables.places, placeKey(transactionHash));
}

/** Reads the withdrawals that `writeBlock` wrote. */
export function decodeWithdrawals(bytes: Uint8Array = emptyList): Withdrawal[] {
  const items = new RlpReader(bytes).list();
  const withdrawals: Withdrawal[] = [];
  while (!items.isDone()) withdrawals.push(readWithdrawal(items));
  return withdrawals;
}

const emptyList = encodeRlp([]);
