/** The queue is full; the caller tells the world in its own words. */
interface Overload {
  readonly active: number;
  readonly queued: number;
}

export interface AdmissionOptions {
  /** How many hold a place at once. */
  readonly places: number;
  /** How many may wait for one. */
  readonly queueMax: number;
  /** Makes the error of a refused request. */
  readonly refuse: (overload: Overload) => Error;
}

interface Waiter {
  readonly admit: () => void;
}

/** Bounded concurrency with a bounded first-come, first-served queue. */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #waiting = new Set<Waiter>();
  #active = 0;
  #idle: (() => void)[] = [];

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  get active(): number {
    return this.#active;
  }

  get queued(): number {
    return this.#waiting.size;
  }

  /** Takes a place at once when one is free and nobody waits for it; undefined otherwise. */
  tryEnter(): (() => void) | undefined {
    if (this.#active >= this.#options.places) return undefined;
    this.#active++;
    return this.#leaveOnce();
  }

  /** Waits for a place; rejects with the refusal when the queue is full and with the signal's reason when it aborts. */
  async enter(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    const leave = this.tryEnter();
    if (leave !== undefined) return leave;
    if (this.#waiting.size >= this.#options.queueMax) {
      throw this.#options.refuse({ active: this.#active, queued: this.#waiting.size });
    }
    await this.#wait(signal);
    return this.#leaveOnce();
  }

  /** Resolves when no place is taken. */
  idle(): Promise<void> {
    if (this.#active === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        admit: () => {
          signal.removeEventListener("abort", give);
          resolve();
        },
      };
      const give = () => {
        this.#waiting.delete(waiter);
        reject(signal.reason);
      };
      this.#waiting.add(waiter);
      signal.addEventListener("abort", give, { once: true });
    });
  }

  // A leaver hands its place to the first in the queue, so `active` only falls when nobody waits.
  #leaveOnce(): () => void {
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const [next] = this.#waiting;
      if (next !== undefined) {
        this.#waiting.delete(next);
        next.admit();
        return;
      }
      this.#active--;
      if (this.#active === 0) for (const resolve of this.#idle.splice(0)) resolve();
    };
  }
}
