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
      if (mempool.status().pending > 0) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const stop = mempool.subscribe({ pending: () => resolve() });
      await settledOrAborted(promise, signal);
      stop();
    },
  };
}
