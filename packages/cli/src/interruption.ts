import type { EventEmitter } from "node:events";

/**
 * Turns SIGINT and SIGTERM into an abort signal, from the first call on; before it they end the process as usual. A second signal
 * ends the process at once.
 */
export function createInterruption(process: EventEmitter): () => AbortSignal {
  let controller: AbortController | undefined;
  return () => {
    if (controller !== undefined) return controller.signal;
    const created = new AbortController();
    controller = created;
    const stop = (name: string): void => {
      created.abort(new Error(`stopped by ${name}`));
      for (const signal of signals) process.removeListener(signal, stop);
    };
    for (const signal of signals) process.on(signal, stop);
    return created.signal;
  };
}

const signals = ["SIGINT", "SIGTERM"] as const;
