import type { PacedBatches } from "./ingest-paths.ts";
import type { SignedTransaction } from "./workloads.ts";

const batchSize = 250;
/** Sent and not seen in a block yet, the same for all nodes: about six seconds of a fast one, and what the smallest pool has room for. */
const inFlightMax = 60_000;

/** Hands out a load in batches, as many as a node is to have in hand at once, and notes when each transaction was sent. */
export class Flow {
  readonly sentAt = new Map<string, number>();
  readonly #load: readonly SignedTransaction[];
  #included = 0;
  #next = 0;
  #stopped = false;
  #waiting: (() => void)[] = [];

  constructor(load: readonly SignedTransaction[]) {
    this.#load = load;
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

  /** The batches; several readers share them. */
  batches(): PacedBatches {
    return { next: () => this.#take() };
  }

  async #take(): Promise<IteratorResult<readonly SignedTransaction[]>> {
    while (!this.#stopped && this.#next < this.#load.length && this.#next - this.#included >= inFlightMax) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    if (this.#stopped || this.#next >= this.#load.length) return { done: true, value: undefined };
    const batch = this.#load.slice(this.#next, this.#next + batchSize);
    this.#next += batch.length;
    const now = performance.now();
    for (const { hash } of batch) this.sentAt.set(hash, now);
    return { done: false, value: batch };
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
