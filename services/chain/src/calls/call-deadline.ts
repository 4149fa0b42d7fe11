import { ChainError } from "../errors.ts";

const lookEveryMs = 50;

/**
 * The time of the job that a call thread is at, and whether anybody still wants it. Code under execution asks by `check`; what waits
 * in between, such as a search, has the signal.
 */
export class CallDeadline {
  readonly #clock: { monotonicMs(): number };
  readonly #unwanted: Int32Array;
  #job = 0;
  #endsAtMs = 0;
  #timeoutMs = 0;

  constructor({ clock, unwanted }: { readonly clock: { monotonicMs(): number }; readonly unwanted: Int32Array }) {
    this.#clock = clock;
    this.#unwanted = unwanted;
  }

  /** Throws ChainError `CALL_TIMEOUT` when the job's time is over, or nobody wants it. */
  check(): void {
    if (this.#clock.monotonicMs() < this.#endsAtMs && Atomics.load(this.#unwanted, 0) !== this.#job) return;
    throw new ChainError({ code: "CALL_TIMEOUT", timeoutMs: this.#timeoutMs });
  }

  /** Runs a job within its time. */
  async bound<T>(job: number, timeoutMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.#job = job;
    this.#timeoutMs = timeoutMs;
    this.#endsAtMs = this.#clock.monotonicMs() + timeoutMs;
    const controller = new AbortController();
    const timer = setInterval(() => {
      try {
        this.check();
      } catch (error) {
        controller.abort(error);
      }
    }, lookEveryMs);
    try {
      return await work(controller.signal);
    } finally {
      clearInterval(timer);
    }
  }
}
