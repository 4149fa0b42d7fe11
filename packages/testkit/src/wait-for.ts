import { setTimeout as delay } from "node:timers/promises";

/** How long to wait and how often to look. */
export interface WaitOptions {
  /** Default 20,000: only a condition that never comes about takes so long, a busy machine's comes late. */
  readonly deadlineMs?: number;
  /** Default 10. */
  readonly intervalMs?: number;
  /** Names the condition in the failure. */
  readonly what?: string;
}

/** Looks until the condition answers something other than false, null or undefined, and returns that; an error counts as "not yet". */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  options: WaitOptions = {},
): Promise<Exclude<T, false | null | undefined>> {
  const deadlineMs = options.deadlineMs ?? 20_000;
  const deadline = AbortSignal.timeout(deadlineMs);
  for (;;) {
    let failure: unknown;
    try {
      const value = await condition();
      if (value !== false && value !== null && value !== undefined)
        return value as Exclude<T, false | null | undefined>;
    } catch (error) {
      failure = error;
    }
    if (deadline.aborted) {
      const what = options.what ?? condition.toString();
      throw new Error(`not so within ${deadlineMs} ms: ${what}`, failure === undefined ? {} : { cause: failure });
    }
    await delay(options.intervalMs ?? 10);
  }
}
