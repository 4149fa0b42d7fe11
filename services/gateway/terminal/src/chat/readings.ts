import { createStore, type ReadableStore, type Store } from "../state/store.ts";
import { readAnswer } from "./answer-stream/completion-reader.ts";
import { emptyReading, type Reading } from "./answer-stream/reading.ts";

/** Runs something before the next frame is painted. */
export type NextFrame = (action: () => void) => void;

/** What is read of each answer of the open conversation. Readings that come in faster than frames are painted are skipped. */
export class Readings {
  readonly #stores = new Map<string, Store<Reading>>();
  readonly #waiting = new Map<string, Reading>();
  readonly #nextFrame: NextFrame;

  constructor(nextFrame: NextFrame) {
    this.#nextFrame = nextFrame;
  }

  /** The reading of one answer, empty until there is one. */
  of(answerId: string): ReadableStore<Reading> {
    return this.#store(answerId);
  }

  /** Reads a whole answer out of its bytes. */
  readBytes(answerId: string, response: Uint8Array): void {
    this.#store(answerId).set(readAnswer(response));
  }

  /** Takes the newest reading of a running answer; it is shown with the next frame. */
  progress(answerId: string, reading: Reading): void {
    const isScheduled = this.#waiting.has(answerId);
    this.#waiting.set(answerId, reading);
    if (!isScheduled) this.#nextFrame(() => this.#flush(answerId));
  }

  /** Takes the last reading of an answer; it is shown at once. */
  finish(answerId: string, reading: Reading): void {
    this.#waiting.set(answerId, reading);
    this.#flush(answerId);
  }

  /** Forgets every answer but these. */
  keepOnly(answerIds: ReadonlySet<string>): void {
    for (const id of this.#stores.keys()) if (!answerIds.has(id)) this.#stores.delete(id);
  }

  #flush(answerId: string): void {
    const reading = this.#waiting.get(answerId);
    this.#waiting.delete(answerId);
    if (reading !== undefined) this.#store(answerId).set(reading);
  }

  #store(answerId: string): Store<Reading> {
    const known = this.#stores.get(answerId);
    if (known !== undefined) return known;
    const store = createStore<Reading>(emptyReading);
    this.#stores.set(answerId, store);
    return store;
  }
}
