import type { Mempool } from "../mempool/mempool.ts";
import { settledOrAborted } from "../view/settled-or-aborted.ts";
import type { SoloProposerDependencies } from "./solo-proposer.ts";

/** What a proposer has to know of a pool in this process. */
export function watchPool(
  mempool: Mempool,
): Pick<SoloProposerDependencies, "transactionsWait" | "transactionsWaiting"> {
  return {
    transactionsWaiting: () => mempool.status().pending,
    transactionsWait: async (signal) => {
      // What pays less than the base fee is pending and can not go into the next block: it waits for one that others make.
      while (mempool.select().peek() === undefined && !signal.aborted) {
        const { promise, resolve } = Promise.withResolvers<void>();
        const stop = mempool.subscribe({ pending: () => resolve() });
        await settledOrAborted(promise, signal);
        stop();
      }
    },
  };
}
