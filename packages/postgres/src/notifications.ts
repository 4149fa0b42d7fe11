import { setTimeout as delay } from "node:timers/promises";
import type { ConnectionOptions } from "./connection-options.ts";
import { openSession, type Session } from "./session.ts";
import { quoteIdentifier } from "./sql.ts";

/** What to listen to. */
export interface ListenOptions extends ConnectionOptions {
  readonly channel: string;
  /** Called for each notification, and once with an empty payload after every (re)connect, because notifications may have been missed. */
  readonly onNotification: (payload: string) => void;
  /** Called when the connection is lost or can not be made; the listener tries again by itself. */
  readonly onDisconnected?: (error: unknown) => void;
  /** Longest pause between two attempts to connect. Default 5,000. */
  readonly reconnectDelayMsMax?: number;
  /** Ends listening. */
  readonly signal: AbortSignal;
}

const firstReconnectDelayMs = 50;

/** LISTENs on a connection of its own until the signal aborts, reconnecting with growing pauses; resolves when it has ended. */
export async function listen(options: ListenOptions): Promise<void> {
  const delayMsMax = options.reconnectDelayMsMax ?? 5_000;
  let delayMs = firstReconnectDelayMs;
  while (!options.signal.aborted) {
    try {
      const session = await subscribe(options);
      delayMs = firstReconnectDelayMs;
      await lossOf(session, options.signal);
      await session.close();
      if (!options.signal.aborted) options.onDisconnected?.(session.lost.reason);
    } catch (error) {
      options.onDisconnected?.(error);
    }
    await delay(delayMs, undefined, { signal: options.signal }).catch(() => undefined);
    delayMs = Math.min(delayMs * 2, delayMsMax);
  }
}

async function subscribe(options: ListenOptions): Promise<Session> {
  const session = await openSession(options);
  session.onNotification((_channel, payload) => options.onNotification(payload));
  await session.execute(`LISTEN ${quoteIdentifier(options.channel)}`);
  options.onNotification("");
  return session;
}

async function lossOf(session: Session, signal: AbortSignal): Promise<void> {
  const either = AbortSignal.any([session.lost, signal]);
  if (either.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  either.addEventListener("abort", () => resolve(), { once: true });
  await promise;
}
