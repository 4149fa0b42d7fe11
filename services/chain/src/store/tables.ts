/** Tables that the chain keeps beside its state, in the same database. Numbers and indexes in keys and values are big-endian. */
export const chainTables = {
  /** Header records by block number. */
  headers: "headers",
  /** Number of each block of the chain by hash. */
  numbers: "numbers",
  /** Transactions and their outcomes in pieces, by block number and piece. */
  transactions: "transactions",
  /** Filters of a block's logs by block number, where there are many. */
  logFilters: "logFilters",
  /** Withdrawals by block number, where there are any. */
  withdrawals: "withdrawals",
  /** Number of the block of each withdrawal by index. */
  withdrawalPlaces: "withdrawal-places",
  /** Withdrawals that were asked for, with their request ids, by index. */
  queuedWithdrawals: "queued-withdrawals",
  /** Index of a withdrawal by the id of the request for it. */
  withdrawalRequests: "withdrawal-requests",
  /** Block number and index of a transaction by the first half of its hash. */
  places: "places",
  /** Single values by name. */
  marks: "marks",
} as const;

/** Keys of the table `marks`. */
export const markKeys = {
  /** Number of the block that is safe. */
  safe: textKey("safe"),
  /** Number of the block that is final. */
  finalized: textKey("finalized"),
  /** Index of the first withdrawal that is in no block. */
  withdrawals: textKey("withdrawals"),
  /** Index that the next withdrawal that is asked for gets, unless the chain is further. */
  queued: textKey("queued"),
  /** Digest of the accounts that the chain began with. */
  genesis: textKey("genesis"),
  /** Number of the last block whose event the bus has. */
  published: textKey("published"),
};

/** A number and an index in it: key of a piece of a block, and value of a transaction's place. */
export function placeBytes(number: bigint, index: number): Uint8Array {
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, number);
  view.setUint32(8, index);
  return bytes;
}

/** Reads what `placeBytes` wrote. */
export function readPlace(bytes: Uint8Array): { number: bigint; index: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return { number: view.getBigUint64(0), index: view.getUint32(8) };
}

function textKey(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
