import type { EventEmitter } from "node:events";
import type { SystemClock } from "@koinon/runtime/clock";
import { onEndSignals } from "@koinon/runtime/end-signals";

/**
 * Turns SIGINT and SIGTERM into an abort signal, from the first call on; before it they end the process as usual. Asked once more,
 * half a second later or more, `end` is called.
 */
export function createInterruption(
  process: EventEmitter,
  { clock, end }: { readonly clock: Pick<SystemClock, "monotonicMs">; end(signal: NodeJS.Signals): void },
): () => AbortSignal {
  let controller: AbortController | undefined;
  return () => {
    if (controller !== undefined) return controller.signal;
    const created = new AbortController();
    controller = created;
    const first = (name: string) => created.abort(new Error(`stopped by ${name}`));
    onEndSignals(process, { first, again: end }, clock);
    return created.signal;
  };
}
