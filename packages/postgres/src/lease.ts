import { setTimeout as delay } from "node:timers/promises";
import type { ConnectionOptions } from "./connection-options.ts";
import { openSession, type Session } from "./session.ts";
import type { Queryable } from "./sql.ts";
import type { TransactionOptions } from "./transaction.ts";

/** Which lease to take, and how a loss is noticed. */
export interface LeaseOptions extends ConnectionOptions {
  /** Name of what only one process may do, for example `poi.sequencer`; one namespace per database. */
  readonly name: string;
  /** How often the holder checks its connection; a silent loss is noticed within twice this. Default 2,000. */
  readonly checkIntervalMs?: number;
  /** Ends the wait. */
  readonly signal?: AbortSignal;
}

/** The right to be the only one, as long as the connection that holds the lock lives. */
export interface Lease {
  /** Aborted when the lease is lost or released. */
  readonly signal: AbortSignal;
  /**
   * A transaction on the lock's own connection: it can only commit while the lease is held, so what it writes needs no other fence.
   * (A holder that was paused may see `signal` late; writes through the pool could then overlap with the next holder's.)
   */
  transaction<T>(work: (transaction: Queryable) => Promise<T>, options?: TransactionOptions): Promise<T>;
  release(): Promise<void>;
}

const busyChecksMax = 10;

/** Waits until nobody else holds the lease, then holds it; PostgreSQL hands it to the waiters in order. */
export async function acquireLease(options: LeaseOptions): Promise<Lease> {
  options.signal?.throwIfAborted();
  const checkIntervalMs = options.checkIntervalMs ?? 2_000;
  const session = await openSession({
    ...options,
    statementTimeoutMs: 0,
    lockTimeoutMs: 0,
    // The server frees the lock of a holder whose machine vanished after about three checks.
    settings: { ...options.settings, ...keepalives(checkIntervalMs) },
  });
  const onAbort = () => void session.close();
  options.signal?.addEventListener("abort", onAbort, { once: true });
  try {
    await session.query("SELECT pg_advisory_lock(hashtextextended($1, 0))", [`koinon.lease.${options.name}`]);
  } catch (error) {
    await session.close();
    options.signal?.throwIfAborted();
    throw error;
  } finally {
    options.signal?.removeEventListener("abort", onAbort);
  }
  return hold(session, checkIntervalMs);
}

function hold(session: Session, checkIntervalMs: number): Lease {
  let running = 0;
  const watching = watch(session, checkIntervalMs, () => running > 0);
  return {
    signal: session.lost,
    async transaction(work, options) {
      running += 1;
      try {
        return await session.transaction(work, options);
      } finally {
        running -= 1;
      }
    },
    async release() {
      await session.close();
      await watching;
    },
  };
}

// A connection can be dead without an error (a cable, a paused machine): only an answer in time proves that it is not. While a
// transaction runs its own statements are the proof, and the check waits, within a bound that no transaction of a holder should need.
async function watch(session: Session, checkIntervalMs: number, busy: () => boolean): Promise<void> {
  let busyChecks = 0;
  while (!session.lost.aborted) {
    await delay(checkIntervalMs, undefined, { signal: session.lost, ref: false }).catch(() => undefined);
    if (session.lost.aborted) return;
    busyChecks = busy() ? busyChecks + 1 : 0;
    const alive = busyChecks > 0 ? busyChecks <= busyChecksMax : await answers(session, checkIntervalMs);
    if (!alive) await session.close();
  }
}

async function answers(session: Session, withinMs: number): Promise<boolean> {
  const late = delay(withinMs, false, { signal: session.lost, ref: false }).catch(() => false);
  return await Promise.race([session.query("SELECT 1").then(alwaysTrue, alwaysTrue), late]);
}

const alwaysTrue = () => true;

function keepalives(checkIntervalMs: number): Record<string, string> {
  const seconds = String(Math.max(1, Math.round(checkIntervalMs / 1_000)));
  return { tcp_keepalives_idle: seconds, tcp_keepalives_interval: seconds, tcp_keepalives_count: "3" };
}
