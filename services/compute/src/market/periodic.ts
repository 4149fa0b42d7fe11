import { setTimeout as delay } from "node:timers/promises";
import { InvariantViolation } from "@koinon/errors/invariant";
import type { Logger } from "@koinon/runtime/logger";

/** Work that is repeated. */
export interface PeriodicTask {
  /** Names it in the log. */
  readonly name: string;
  readonly intervalMs: number;
  run(): Promise<void>;
}

/** Repeats tasks until stopped, each by itself and never twice at once; one that fails is tried again at its next turn. */
export class PeriodicTasks {
  readonly #log: Logger;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>[] = [];
  readonly #failing = new Set<string>();

  constructor(dependencies: { log: Logger }) {
    this.#log = dependencies.log;
  }

  /** Tasks whose last run failed. */
  get failing(): readonly string[] {
    return [...this.#failing];
  }

  start(task: PeriodicTask): void {
    this.#running.push(this.#repeat(task));
  }

  /** Starts no run any more and waits for those under way. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#running);
  }

  async #repeat(task: PeriodicTask): Promise<void> {
    const { signal } = this.#stopping;
    for (;;) {
      await delay(task.intervalMs, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await task.run();
        this.#failing.delete(task.name);
      } catch (error) {
        if (error instanceof InvariantViolation) throw error;
        // Once per outage: a database that is away for an hour is one thing to know, not thousands.
        if (!this.#failing.has(task.name))
          this.#log.warn({ task: task.name, error: String(error) }, "periodic task failed");
        this.#failing.add(task.name);
      }
    }
  }
}
