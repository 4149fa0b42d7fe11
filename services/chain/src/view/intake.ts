import type { SubmitOutcome, TransactionIntake } from "../chain-view.ts";
import { isRefused, type RecoveryOutcome } from "../ingest/recovered.ts";
import type { RecoveryPool } from "../ingest/recovery-pool.ts";
import type { PoolJournal } from "../mempool/journal/pool-journal.ts";
import type { Mempool } from "../mempool/mempool.ts";
import { settledOrAborted } from "./settled-or-aborted.ts";

/** How full the pool may be before those who can wait do. */
const fullShare = 0.8;

/** Recovers senders and fills the mempool. */
export function createIntake(
  { transactionsMax }: { readonly transactionsMax: number },
  {
    recovery,
    mempool,
    journal,
  }: {
    readonly recovery: RecoveryPool;
    readonly mempool: Mempool;
    /** What is taken is written there before it is answered. */
    readonly journal: Pick<PoolJournal, "append"> | undefined;
  },
): TransactionIntake {
  const add = (recovered: RecoveryOutcome): SubmitOutcome => {
    if (isRefused(recovered)) return { rejection: recovered.fault };
    const outcome = mempool.add(recovered);
    return "rejection" in outcome ? { rejection: outcome.rejection } : { hash: recovered.hash };
  };
  const isFull = (): boolean => {
    const { pending, queued } = mempool.status();
    return pending + queued > fullShare * transactionsMax;
  };
  return {
    submit: async (raws, signal, after) => {
      const recovered = await recovery.recover(raws, signal);
      await after;
      const outcomes = recovered.map(add);
      await journal?.append(raws.filter((_, index) => "hash" in (outcomes[index] ?? {})));
      return outcomes;
    },
    room: async (signal) => {
      while (isFull() && !signal.aborted) {
        const left = Promise.withResolvers<void>();
        const stop = mempool.subscribe({ removed: () => left.resolve() });
        await settledOrAborted(left.promise, signal);
        stop();
      }
      signal.throwIfAborted();
    },
  };
}
