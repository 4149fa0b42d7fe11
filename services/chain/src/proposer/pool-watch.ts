import type { Mempool } from "../mempool/mempool.ts";
import { settledOrAborted } from "../view/settled-or-aborted.ts";
import type { WithdrawalQueue } from "../withdrawals/withdrawal-queue.ts";
import type { SoloProposerDependencies } from "./solo-proposer.ts";

/** What a proposer has to know of a pool and a queue in this process. */
export function watchPool(
  mempool: Mempool,
  withdrawals: Pick<WithdrawalQueue, "waitingCount" | "someWait">,
): Pick<SoloProposerDependencies, "itemsWait" | "itemsWaiting"> {
  return {
    itemsWaiting: () => mempool.status().pending + withdrawals.waitingCount,
    itemsWait: async (signal) => {
      const found = new AbortController();
      const either = AbortSignal.any([signal, found.signal]);
      await Promise.race([transactionsWait(mempool, either), withdrawals.someWait(either)]);
      found.abort();
    },
  };
}

/** What pays less than the base fee is pending and can not go into the next block: it waits for one that others make. */
async function transactionsWait(mempool: Mempool, signal: AbortSignal): Promise<void> {
  while (mempool.select().peek() === undefined && !signal.aborted) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const stop = mempool.subscribe({ pending: () => resolve() });
    await settledOrAborted(promise, signal);
    stop();
  }
}
