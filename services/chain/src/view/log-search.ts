import { bloomMayContain } from "@koinon/ethereum/bloom";
import type { Log } from "@koinon/ethereum/log";
import type { Hex } from "@koinon/secp256k1/hex";
import type { ChainHeader, ChainLog, LogFilter, LogLimits } from "../chain-view.ts";
import { createPacing } from "../engine/pacing.ts";
import { ChainError } from "../errors.ts";
import type { ChainStore } from "../store/chain-store.ts";
import type { StoredTransaction } from "../store/transaction-piece.ts";

/** How long a search keeps the thread at a time. */
const sliceMs = 5;

/** Matching logs of a range of blocks in order; blocks whose bloom rules a match out are not read. Throws ChainError. */
export async function searchLogs(
  filter: LogFilter,
  { from, to }: { from: bigint; to: bigint },
  { logsMax, blocksMax, signal }: LogLimits,
  { store, clock }: { readonly store: ChainStore; readonly clock: { now(): number } },
): Promise<ChainLog[]> {
  const last = store.head().header.number;
  const end = to < last ? to : last;
  if (end - from + 1n > blocksMax) {
    throw new ChainError({ code: "LOG_RANGE_TOO_LARGE", blocks: end - from + 1n, limit: blocksMax });
  }
  const pacing = createPacing({ sliceMs }, clock);
  const found: ChainLog[] = [];
  for (let number = from; number <= end; number++) {
    const bloom = store.bloomAt(number);
    if (bloom !== undefined && bloomMayMatch(bloom, filter)) {
      const block = store.headerAt(number) as ChainHeader;
      found.push(...matchingLogs(filter, block, store.transactions(block)));
      if (found.length > logsMax) throw new ChainError({ code: "TOO_MANY_LOGS", limit: logsMax });
    }
    if (!pacing.isDue()) continue;
    await pacing.pause();
    signal?.throwIfAborted();
  }
  return found;
}

/** The logs of a block that a filter lets pass. */
export function matchingLogs(
  filter: LogFilter,
  block: ChainHeader,
  transactions: readonly Pick<StoredTransaction, "hash" | "logs" | "firstLogIndex">[],
  removed = false,
): ChainLog[] {
  const matching: ChainLog[] = [];
  for (const [transactionIndex, { hash: transactionHash, logs, firstLogIndex }] of transactions.entries()) {
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
