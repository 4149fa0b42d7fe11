import { setTimeout as delay } from "node:timers/promises";

/** Runs a round again and again: after what it asks for when it went well, after growing delays when it failed. Ends with the signal. */
export async function repeat(
  round: () => Promise<number>,
  options: {
    readonly signal: AbortSignal;
    readonly firstRetryMs: number;
    readonly maxRetryMs: number;
    readonly onFailure: (error: unknown, failures: number) => void;
  },
): Promise<void> {
  const { signal, firstRetryMs, maxRetryMs, onFailure } = options;
  for (let failures = 0; !signal.aborted; ) {
    let waitMs: number;
    try {
      waitMs = await round();
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      waitMs = Math.min(firstRetryMs * 2 ** failures, maxRetryMs);
      failures++;
      onFailure(error, failures);
    }
    await delay(waitMs, undefined, { signal, ref: false }).catch(() => undefined);
  }
}
