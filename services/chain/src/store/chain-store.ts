import type { Withdrawal } from "@koinon/ethereum/withdrawal";
import type { Hex } from "@koinon/secp256k1/hex";
import { blockNumberBytes, readBlockNumber } from "@koinon/state/block-number";
import type { StateStore } from "@koinon/state/state-store";
import type { TableReader, TableWriter } from "@koinon/state/user-tables";
import type { ChainHeader } from "../chain-view.ts";
import { ChainError } from "../errors.ts";
import { decodeWithdrawals, numberKey, placeKey } from "./block-writes.ts";
import { decodeHeaderRecord, recordBloom, recordHash } from "./header-record.ts";
import { type LogQueryHashes, pieceMayMatch } from "./log-filter.ts";
import { chainTables, placeBytes, readPlace } from "./tables.ts";
import { decodePiece, hashesOfPiece, type StoredTransaction, transactionsPerPiece } from "./transaction-piece.ts";

const headersRememberedMax = 1_024;

/** Blocks and transactions of the chain on disk, as of its last block. */
export class ChainStore {
  readonly state: StateStore;
  private readonly headers: TableReader;
  private readonly numbers: TableReader;
  private readonly pieces: TableReader;
  private readonly logFilters: TableReader;
  private readonly withdrawalLists: TableReader;
  private readonly places: TableReader;
  private readonly marks: TableReader;
  /** Headers that were read, by hash: a header never changes, but what stands at a number may. */
  private readonly remembered = new Map<Hex, ChainHeader>();

  constructor(state: StateStore) {
    this.state = state;
    this.headers = state.table(chainTables.headers);
    this.numbers = state.table(chainTables.numbers);
    this.pieces = state.table(chainTables.transactions);
    this.logFilters = state.table(chainTables.logFilters);
    this.withdrawalLists = state.table(chainTables.withdrawals);
    this.places = state.table(chainTables.places);
    this.marks = state.table(chainTables.marks);
  }

  /** The last block; throws ChainError when there is none, which opening a store rules out. */
  head(): ChainHeader {
    const number = this.state.head?.number;
    const head = number === undefined ? undefined : this.headerAt(number);
    if (head === undefined) throw new ChainError({ code: "CHAIN_STORE_CORRUPT", where: "head" });
    return head;
  }

  headerAt(number: bigint): ChainHeader | undefined {
    const record = this.recordAt(number);
    if (record === undefined) return undefined;
    const hash = recordHash(record);
    const known = this.remembered.get(hash);
    if (known !== undefined) return known;
    const header = decodeHeaderRecord(record);
    if (this.remembered.size >= headersRememberedMax) this.remembered.clear();
    this.remembered.set(hash, header);
    return header;
  }

  hashAt(number: bigint): Hex | undefined {
    const record = this.recordAt(number);
    return record === undefined ? undefined : recordHash(record);
  }

  bloomAt(number: bigint): Uint8Array | undefined {
    const record = this.recordAt(number);
    return record === undefined ? undefined : recordBloom(record);
  }

  /** The number of a block of the chain. */
  numberOf(hash: Hex): bigint | undefined {
    const bytes = this.numbers.get(numberKey(hash));
    return bytes === undefined ? undefined : readBlockNumber(bytes);
  }

  /** Transactions of a block with what they did, in order. */
  transactions({ header, transactionCount }: ChainHeader): StoredTransaction[] {
    const stored: StoredTransaction[] = [];
    for (let piece = 0; piece * transactionsPerPiece < transactionCount; piece++) {
      stored.push(...decodePiece(this.pieceAt(header.number, piece)));
    }
    return stored;
  }

  /** The hashes of a block's transactions, in order. */
  transactionHashes({ header, transactionCount }: ChainHeader): Hex[] {
    const hashes: Hex[] = [];
    for (let piece = 0; piece * transactionsPerPiece < transactionCount; piece++) {
      hashes.push(...hashesOfPiece(this.pieceAt(header.number, piece)));
    }
    return hashes;
  }

  /** Transactions of a block that may have the logs of a query, piece by piece, with the index of each piece's first. */
  *transactionsWithLogs(
    { header, transactionCount }: ChainHeader,
    query: LogQueryHashes,
  ): Generator<{ readonly first: number; readonly transactions: readonly StoredTransaction[] }> {
    const filters = this.logFilters.get(blockNumberBytes(header.number));
    const pieces = Math.ceil(transactionCount / transactionsPerPiece);
    for (let piece = 0; piece < pieces; piece++) {
      if (filters !== undefined && !pieceMayMatch(filters, { piece, pieces }, query)) continue;
      yield { first: piece * transactionsPerPiece, transactions: decodePiece(this.pieceAt(header.number, piece)) };
    }
  }

  /** One transaction of a block; undefined when it has fewer. */
  transactionAt({ header, transactionCount }: ChainHeader, index: number): StoredTransaction | undefined {
    if (index >= transactionCount) return undefined;
    const piece = this.pieceAt(header.number, Math.floor(index / transactionsPerPiece));
    return decodePiece(piece)[index % transactionsPerPiece];
  }

  withdrawals(number: bigint): Withdrawal[] {
    return decodeWithdrawals(this.withdrawalLists.get(blockNumberBytes(number)));
  }

  /** Where a transaction stands. */
  place(hash: Hex): { block: ChainHeader; index: number; stored: StoredTransaction } | undefined {
    const bytes = this.places.get(placeKey(hash));
    if (bytes === undefined) return undefined;
    const { number, index } = readPlace(bytes);
    const block = this.headerAt(number);
    const stored = block === undefined ? undefined : this.transactionAt(block, index);
    if (block === undefined || stored === undefined) {
      throw new ChainError({ code: "CHAIN_STORE_CORRUPT", where: `transaction ${hash}` });
    }
    return stored.hash === hash ? { block, index, stored } : undefined;
  }

  /** A number under a name; undefined when nothing is there. */
  mark(key: Uint8Array): bigint | undefined {
    const bytes = this.marks.get(key);
    return bytes === undefined ? undefined : readBlockNumber(bytes);
  }

  private recordAt(number: bigint): Uint8Array | undefined {
    return number < 0n ? undefined : this.headers.get(blockNumberBytes(number));
  }

  private pieceAt(number: bigint, piece: number): Uint8Array {
    const bytes = this.pieces.get(placeBytes(number, piece));
    if (bytes !== undefined) return bytes;
    throw new ChainError({ code: "CHAIN_STORE_CORRUPT", where: `transactions of block ${number}` });
  }
}

/** Puts a number under a name. */
export function writeMark(tables: TableWriter, key: Uint8Array, number: bigint): void {
  tables.put(chainTables.marks, key, blockNumberBytes(number));
}
