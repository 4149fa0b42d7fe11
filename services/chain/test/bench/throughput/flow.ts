/** Transactions of a message. */
export const batchSize = 250;
/** Sent and not seen in a block yet, the same for all nodes: about six seconds of a fast one, and what the smallest pool has room for. */
const inFlightMax = 60_000;

/** Hands out the batches of a load by number, as many as a node is to have in hand at once, and notes when each was sent. */
export class Flow {
  readonly #length: number;
  /** Milliseconds on the clock of `performance.now`, by number of the batch. */
  readonly #sentMs: Float64Array;
  #included = 0;
  #next = 0;
  #stopped = false;
  #waiting: (() => void)[] = [];

  constructor(length: number) {
    this.#length = length;
    this.#sentMs = new Float64Array(Math.ceil(length / batchSize));
  }

  /** When the batch of a transaction was handed out, by the transaction's place in the load. */
  sentMs(index: number): number {
    return this.#sentMs[Math.floor(index / batchSize)] as number;
  }

  /** To be told of what is in blocks now. */
  included(count: number): void {
    this.#included += count;
    this.#wake();
  }

  /** Hands out nothing any more. */
  stop(): void {
    this.#stopped = true;
    this.#wake();
  }

  /** The number of the next batch, once there is room for it; undefined when there is none. Several readers share them. */
  async next(): Promise<number | undefined> {
    const isLeft = (): boolean => !this.#stopped && this.#next < this.#sentMs.length;
    while (isLeft() && this.#next * batchSize - this.#included >= inFlightMax) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    if (!isLeft()) return undefined;
    const batch = this.#next++;
    this.#sentMs[batch] = performance.now();
    return batch;
  }

  /** How many transactions a batch holds. */
  size(batch: number): number {
    return Math.min(batchSize, this.#length - batch * batchSize);
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
