import { setTimeout as delay } from "node:timers/promises";
import type { KeyIssuer } from "./key-issuer.ts";

/** Options of the sweeper. */
export interface CreationSweeperOptions {
  readonly intervalMs: number;
}

/** Resumes key creations that a crash left half done, for as long as it runs. Its rounds also tell whether the store answers. */
export class CreationSweeper {
  readonly #options: CreationSweeperOptions;
  readonly #issuer: Pick<KeyIssuer, "resume">;
  readonly #failed: (error: unknown) => void;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  #storeAnswers = true;

  constructor(
    options: CreationSweeperOptions,
    dependencies: { readonly issuer: Pick<KeyIssuer, "resume">; failed(error: unknown): void },
  ) {
    this.#options = options;
    this.#issuer = dependencies.issuer;
    this.#failed = dependencies.failed;
  }

  /** Whether the last round could read the store. */
  get storeAnswers(): boolean {
    return this.#storeAnswers;
  }

  start(): void {
    this.#running ??= this.#run(this.#stop.signal);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#issuer.resume(signal);
        this.#storeAnswers = true;
      } catch (error) {
        if (signal.aborted) return;
        if (this.#storeAnswers) this.#failed(error);
        this.#storeAnswers = false;
      }
      await delay(this.#options.intervalMs, undefined, { signal }).catch(() => undefined);
    }
  }
}
