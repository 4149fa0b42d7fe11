import { setTimeout as delay } from "node:timers/promises";
import { DatabaseError } from "./database-error.ts";
import type { Queryable } from "./sql.ts";

/** How long to wait for a database, and who hears why. */
export interface AwaitDatabaseOptions {
  readonly waitMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Why it is still waited for; told once for each reason that follows another. */
  waiting?(error: DatabaseError): void;
}

const retryDelayMsMin = 250;
const retryDelayMsMax = 2_000;

/**
 * Resolves when the database answers, trying on while it can not be reached (it is away, starts, or has no connection left). Throws
 * DATABASE_UNREACHABLE with the last reason when the wait is over, what the server itself refuses (QUERY_REFUSED) at once, and the
 * signal's reason.
 */
export async function awaitDatabase(database: Queryable, options: AwaitDatabaseOptions): Promise<void> {
  const { waitMs, signal } = options;
  const over = AbortSignal.timeout(waitMs);
  const ending = signal === undefined ? over : AbortSignal.any([over, signal]);
  let reason = "no answer";
  let told = "";
  for (let pauseMs = retryDelayMsMin; ; pauseMs = Math.min(2 * pauseMs, retryDelayMsMax)) {
    try {
      await database.query("SELECT 1", [], { signal: ending });
      return;
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof DatabaseError && error.fault.code === "DATABASE_UNREACHABLE") {
        ({ reason } = error.fault);
        if (reason !== told) options.waiting?.(error);
        told = reason;
      } else if (!over.aborted) throw error;
    }
    await delay(pauseMs, undefined, { signal: ending }).catch(() => signal?.throwIfAborted());
    if (over.aborted) {
      throw new DatabaseError({ code: "DATABASE_UNREACHABLE", reason: `${reason} (waited for ${waitMs} ms)` });
    }
  }
}
