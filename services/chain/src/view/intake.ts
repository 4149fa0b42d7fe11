import type { SubmitOutcome, TransactionIntake } from "../chain-view.ts";
import { isRefused, type RecoveryOutcome } from "../ingest/recovered.ts";
import type { RecoveryPool } from "../ingest/recovery-pool.ts";
import type { Mempool } from "../mempool/mempool.ts";

/** Recovers senders and fills the mempool. */
export function createIntake({
  recovery,
  mempool,
}: {
  readonly recovery: RecoveryPool;
  readonly mempool: Mempool;
}): TransactionIntake {
  const add = (recovered: RecoveryOutcome): SubmitOutcome => {
    if (isRefused(recovered)) return { rejection: recovered.fault };
    const outcome = mempool.add(recovered);
    return "rejection" in outcome ? { rejection: outcome.rejection } : { hash: recovered.hash };
  };
  return {
    submit: async (raws, signal) => (await recovery.recover(raws, signal)).map(add),
  };
}
