import { setTimeout as delay } from "node:timers/promises";
import { DomainError } from "@koinon/errors/domain-error";
import type { HealthPart } from "@koinon/runtime/health";
import type { Logger } from "@koinon/runtime/logger";
import type { Anchorer, StepResult } from "./anchorer.ts";

/** How often is looked. */
export interface AnchoringOptions {
  /** Between two anchors, milliseconds. */
  readonly intervalMs: number;
  /** Between two looks at a transaction under way, milliseconds. */
  readonly pollMs: number;
}

export interface AnchoringDependencies {
  readonly anchorer: Pick<Anchorer, "step">;
  /** True while this process is the log's sequencer: the others leave anchoring to it. */
  readonly isLeader: () => boolean;
  readonly log: Logger;
  readonly onFailure: () => void;
}

// A step that fails this often in a row is no hiccup; before that the chain may just be starting beside the log.
const failuresMax = 3;
const retryMs = 1_000;
const retryMsMax = 60_000;

/** Anchors on an interval for as long as this process is the sequencer. */
export class Anchoring {
  readonly #options: AnchoringOptions;
  readonly #dependencies: AnchoringDependencies;
  readonly #stopping = new AbortController();
  #failures = 0;
  #problem: string | undefined;
  #running: Promise<void> | undefined;

  constructor(options: AnchoringOptions, dependencies: AnchoringDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  health(): HealthPart {
    const detail = this.#problem ?? (this.#dependencies.isLeader() ? "anchoring" : "standby");
    return { name: "anchor", ok: this.#failures < failuresMax, detail };
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const pauseMs = this.#dependencies.isLeader() ? await this.#step(signal) : this.#options.pollMs;
      await delay(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** One step; answers how long to wait for the next. */
  async #step(signal: AbortSignal): Promise<number> {
    try {
      const result = await this.#dependencies.anchorer.step(signal);
      this.#failures = 0;
      this.#problem = undefined;
      return this.#pauseAfter(result);
    } catch (error) {
      if (signal.aborted) return 0;
      this.#failures += 1;
      this.#problem = error instanceof DomainError ? error.code : "failed";
      const { log, onFailure } = this.#dependencies;
      onFailure();
      const level = this.#failures < failuresMax ? "info" : "warn";
      log[level]({ err: error, failures: this.#failures }, "checkpoint not anchored");
      return Math.min(retryMs * 2 ** Math.min(this.#failures - 1, 10), retryMsMax, this.#options.intervalMs);
    }
  }

  #pauseAfter(result: StepResult): number {
    const { intervalMs, pollMs } = this.#options;
    switch (result) {
      case "again":
        return 0;
      case "waiting":
        return Math.min(pollMs, intervalMs);
      case "idle":
        return intervalMs;
    }
  }
}
