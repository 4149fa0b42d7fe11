import { bloomMayContain } from "@koinon/ethereum/bloom";
import type { Log } from "@koinon/ethereum/log";
import type { Hex } from "@koinon/secp256k1/hex";
import type { ChainHeader, ChainLog, LogFilter, LogLimits } from "../chain-view.ts";
import { createPacing } from "../engine/pacing.ts";
import { ChainError } from "../errors.ts";
import type { ChainStore } from "../store/chain-store.ts";
import { hashLogQuery } from "../store/log-filter.ts";
import type { StoredTransaction } from "../store/transaction-piece.ts";

/**
 * Matching logs of a range of blocks in order. Blocks whose bloom rules a match out are not read, and of others only those
 * transactions that the filters of their logs let pass. Throws ChainError.
 */
export async function searchLogs(
  filter: LogFilter,
  { from, to }: { from: bigint; to: bigint },
  { logsMax, blocksMax, signal }: LogLimits,
  {
    store,
    clock,
    sliceMs,
  }: { readonly store: ChainStore; readonly clock: { now(): number }; readonly sliceMs: number },
): Promise<ChainLog[]> {
  const last = store.head().header.number;
  const end = to < last ? to : last;
  if (end - from + 1n > blocksMax) {
    throw new ChainError({ code: "LOG_RANGE_TOO_LARGE", blocks: end - from + 1n, limit: blocksMax });
  }
  const pacing = createPacing({ sliceMs }, clock);
  const query = hashLogQuery([filter.addresses, ...filter.topics]);
  const found: ChainLog[] = [];
  for (let number = from; number <= end; number++) {
    const bloom = store.bloomAt(number);
    if (bloom !== undefined && bloomMayMatch(bloom, filter)) {
      const block = store.headerAt(number) as ChainHeader;
      for (const piece of store.transactionsWithLogs(block, query)) {
        found.push(...matchingLogs(filter, block, piece));
        if (found.length > logsMax) throw new ChainError({ code: "TOO_MANY_LOGS", limit: logsMax });
      }
    }
    if (!pacing.isDue()) continue;
    await pacing.pause();
    signal?.throwIfAborted();
  }
  return found;
}

type LoggingTransaction = Pick<StoredTransaction, "hash" | "logs" | "firstLogIndex">;

/** The logs that a filter lets pass, of transactions of a block that follow each other. */
export function matchingLogs(
  filter: LogFilter,
  block: ChainHeader,
  { first, transactions }: { readonly first: number; readonly transactions: readonly LoggingTransaction[] },
  removed = false,
): ChainLog[] {
  const matching: ChainLog[] = [];
  for (const [offset, { hash: transactionHash, logs, firstLogIndex }] of transactions.entries()) {
    const transactionIndex = first + offset;
    for (const [index, log] of logs.entries()) {
      if (!passes(filter, log)) continue;
      matching.push({ log, block, transactionHash, transactionIndex, logIndex: firstLogIndex + index, removed });
    }
  }
  return matching;
}

/** False when no log behind this bloom can pass the filter. */
export function bloomMayMatch(bloom: Uint8Array, { addresses, topics }: LogFilter): boolean {
  const mayHaveAny = (values: readonly Hex[]): boolean =>
    values.length === 0 || values.some((value) => bloomMayContain(bloom, value));
  return mayHaveAny(addresses) && topics.every(mayHaveAny);
}

function passes({ addresses, topics }: LogFilter, log: Log): boolean {
  if (addresses.length > 0 && !addresses.includes(log.address)) return false;
  if (topics.length > log.topics.length) return false;
  return topics.every((wanted, index) => wanted.length === 0 || wanted.includes(log.topics[index] as Hex));
}
