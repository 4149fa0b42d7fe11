/** The last few observed times, bounded; answers their median. */
export class LatencyWindow {
  readonly #size: number;
  readonly #samples: number[] = [];
  #next = 0;
  #median: number | undefined;

  constructor(options: { size: number }) {
    this.#size = options.size;
  }

  /** Adds one observation in ms. */
  add(latencyMs: number): void {
    this.#samples[this.#next] = latencyMs;
    this.#next = (this.#next + 1) % this.#size;
    this.#median = undefined;
  }

  /** The lower median in ms; undefined before the first observation. */
  median(): number | undefined {
    this.#median ??= this.#samples.toSorted((left, right) => left - right)[(this.#samples.length - 1) >> 1];
    return this.#median;
  }
}
