import { setTimeout as delay } from "node:timers/promises";
import { DatabaseError, isRetryable } from "@koinon/postgres/database-error";

/** Bounds of a lane. */
export interface GroupCommitOptions {
  /** Most items in one batch. */
  readonly batchMax: number;
  /** Most items that are not answered yet; one more is refused with DATABASE_OVERLOADED. */
  readonly openMax: number;
  /** How long a batch that is not full collects before it is applied, ms; 0 when left out. `flush` ends it. */
  readonly lingerMs?: number;
}

/** What a batch answers: one result per item, in order, and when they are durable (at once, when left out). */
export interface AppliedBatch<Result> {
  readonly results: readonly Result[];
  readonly durable?: Promise<void>;
}

/** How a lane works on a batch. */
export interface GroupCommitWork<Item, Result> {
  /** Items with the same key are never in the same batch. */
  keyOf(item: Item): string;
  apply(items: readonly Item[]): Promise<AppliedBatch<Result>>;
}

interface Entry<Item, Result> {
  readonly item: Item;
  readonly key: string;
  readonly answer: PromiseWithResolvers<Result>;
}

const attemptsMax = 5;
const retryDelayMs = 2;

/**
 * Turns single operations into batches: while one batch is applied, the next collects. Under little load a batch is one item and waits for
 * nobody; under much load the cost of a round trip and of a flush is shared. Batches are applied one after the other, in order of arrival.
 */
export class GroupCommit<Item, Result> {
  readonly #options: GroupCommitOptions;
  readonly #work: GroupCommitWork<Item, Result>;
  readonly #queue: Entry<Item, Result>[] = [];
  #open = 0;
  #running: Promise<void> | undefined;
  /** The answer of the item that came last. */
  #newest: Promise<unknown> = Promise.resolve();
  #endLinger: (() => void) | undefined;
  /** Somebody waits for what is in the queue. */
  #isHurried = false;

  constructor(options: GroupCommitOptions, work: GroupCommitWork<Item, Result>) {
    this.#options = options;
    this.#work = work;
  }

  /** Items that are not answered yet. */
  get open(): number {
    return this.#open;
  }

  /** Applies one item; rejects with what its batch, or itself alone, failed with. */
  async submit(item: Item): Promise<Result> {
    if (this.#open >= this.#options.openMax) {
      throw new DatabaseError({ code: "DATABASE_OVERLOADED", waiting: this.#open });
    }
    const answer = Promise.withResolvers<Result>();
    this.#open += 1;
    this.#queue.push({ item, key: this.#work.keyOf(item), answer });
    this.#newest = answer.promise;
    this.#running ??= this.#run();
    if (this.#queue.length >= this.#options.batchMax) this.#endLinger?.();
    try {
      return await answer.promise;
    } finally {
      this.#open -= 1;
    }
  }

  /** Ends collecting; resolves when what was submitted before the call is answered, whatever the answer. */
  async flush(): Promise<void> {
    this.#hurry();
    await this.#newest.catch(() => undefined);
  }

  /** Resolves when nothing is being applied any more. */
  async idle(): Promise<void> {
    this.#hurry();
    while (this.#running !== undefined) await this.#running;
  }

  #hurry(): void {
    if (this.#queue.length === 0) return;
    this.#isHurried = true;
    this.#endLinger?.();
  }

  async #run(): Promise<void> {
    // Lets everything that was submitted in the same turn of the event loop into the first batch.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      await this.#collect();
      const batch = this.#nextBatch();
      if (this.#queue.length === 0) this.#isHurried = false;
      await this.#applyEntries(batch);
    }
    this.#running = undefined;
  }

  async #collect(): Promise<void> {
    const { lingerMs = 0, batchMax } = this.#options;
    if (lingerMs === 0 || this.#isHurried || this.#queue.length >= batchMax) return;
    const over = Promise.withResolvers<void>();
    const timer = setTimeout(over.resolve, lingerMs);
    this.#endLinger = over.resolve;
    await over.promise;
    this.#endLinger = undefined;
    clearTimeout(timer);
  }

  #nextBatch(): Entry<Item, Result>[] {
    const batch: Entry<Item, Result>[] = [];
    const keys = new Set<string>();
    const later: Entry<Item, Result>[] = [];
    let taken = 0;
    for (const entry of this.#queue) {
      if (batch.length >= this.#options.batchMax) break;
      taken += 1;
      if (keys.has(entry.key)) {
        later.push(entry);
        continue;
      }
      keys.add(entry.key);
      batch.push(entry);
    }
    this.#queue.splice(0, taken, ...later);
    return batch;
  }

  async #applyEntries(entries: readonly Entry<Item, Result>[]): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        this.#answer(entries, await this.#work.apply(entries.map((entry) => entry.item)));
        return;
      } catch (error) {
        if (isRetryable(error) && attempt < attemptsMax) {
          await delay(retryDelayMs * attempt);
        } else if (entries.length > 1 && concernsOneItem(error)) {
          for (const entry of entries) await this.#applyEntries([entry]);
          return;
        } else if (entries.length === 1 && isCollision(error) && attempt < attemptsMax) {
          // Another process wrote the same id meanwhile; its row is visible now and decides.
        } else {
          for (const entry of entries) entry.answer.reject(error);
          return;
        }
      }
    }
  }

  #answer(entries: readonly Entry<Item, Result>[], { results, durable }: AppliedBatch<Result>): void {
    const resolve = () => {
      for (const [place, entry] of entries.entries()) entry.answer.resolve(results[place] as Result);
    };
    const reject = (error: unknown) => {
      for (const entry of entries) entry.answer.reject(error);
    };
    if (durable === undefined) resolve();
    else durable.then(resolve, reject);
  }
}

/** A refusal of the content, as opposed to trouble with the server that every item would meet. */
function concernsOneItem(error: unknown): boolean {
  if (!(error instanceof DatabaseError)) return false;
  return ["UNIQUE_VIOLATION", "CONSTRAINT_VIOLATION", "QUERY_REFUSED"].includes(error.code);
}

function isCollision(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === "UNIQUE_VIOLATION";
}
