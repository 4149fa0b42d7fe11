import { setImmediate as nextTurn } from "node:timers/promises";
import type { SystemClock } from "@koinon/runtime/clock";
import { JsonRpcError } from "../json-rpc-error.ts";
import type { Methods } from "../method.ts";

/** Bounds of the queue. */
export interface CallTurnsOptions {
  /** Calls that may wait for their turn. */
  readonly waitingMax: number;
  /** How long calls may hold the thread, one after the other, before it rests from them for as long as they held it. */
  readonly sliceMs: number;
}

/** What the queue needs. */
export interface CallTurnsDependencies {
  readonly clock: Pick<SystemClock, "monotonicMs">;
  /** Resolves after so many milliseconds. */
  delay(ms: number): Promise<void>;
}

/** A call that holds the thread is at most as long as its gas lets it be; a longer rest would help nobody. */
const restMsMax = 1_000;

/**
 * Lets calls that hold the thread run one at a time, in the order in which they came, and for at most half of the time: however
 * many clients ask, blocks are built and simple questions are answered in between.
 */
export class CallTurns {
  readonly #options: CallTurnsOptions;
  readonly #dependencies: CallTurnsDependencies;
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;
  #heldMs = 0;

  constructor(options: CallTurnsOptions, dependencies: CallTurnsDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  /** Runs work when its turn has come; throws "too many calls", or the signal's reason when that aborts before. */
  async run<T>(signal: AbortSignal, work: () => T | Promise<T>): Promise<T> {
    if (this.#waiting >= this.#options.waitingMax) {
      throw new JsonRpcError({ code: "LIMIT_EXCEEDED", message: "too many calls are waiting, try again later" });
    }
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = promise;
    this.#waiting++;
    await before;
    this.#waiting--;
    try {
      signal.throwIfAborted();
      return await this.#timed(work);
    } finally {
      void this.#rest().then(resolve);
    }
  }

  async #timed<T>(work: () => T | Promise<T>): Promise<T> {
    const { clock } = this.#dependencies;
    const began = clock.monotonicMs();
    try {
      return await work();
    } finally {
      this.#heldMs += clock.monotonicMs() - began;
    }
  }

  async #rest(): Promise<void> {
    await nextTurn();
    if (this.#heldMs < this.#options.sliceMs) return;
    const restMs = Math.min(this.#heldMs, restMsMax);
    this.#heldMs = 0;
    await this.#dependencies.delay(restMs);
  }
}

/** The methods, each waiting for its turn. */
export function inTurn(methods: Methods, turns: CallTurns): Methods {
  const waiting = Object.entries(methods).map(([name, { call }]) => {
    return [name, { call: (params, context) => turns.run(context.signal, () => call(params, context)) }] satisfies [
      string,
      Methods[string],
    ];
  });
  return Object.fromEntries(waiting);
}
