import { setImmediate as nextTurn } from "node:timers/promises";
import type { SettledVerdict, SettledVerifier } from "./settled-verifier.ts";

// About 80 microseconds an event: readers are served every 2.5 ms.
const eventsPerTurn = 32;

/** Verifies events in the order they come, a few per turn of the event loop, so that a burst does not hold up readers. */
export class VerifyLane {
  readonly #verifier: SettledVerifier;
  readonly #waiting: { payload: Uint8Array; done: PromiseWithResolvers<SettledVerdict> }[] = [];
  #isRunning = false;

  constructor(dependencies: { verifier: SettledVerifier }) {
    this.#verifier = dependencies.verifier;
  }

  /** The verdict on an event. How many wait is bounded by the consumer's concurrency. */
  verify(payload: Uint8Array): Promise<SettledVerdict> {
    const done = Promise.withResolvers<SettledVerdict>();
    this.#waiting.push({ payload, done });
    if (!this.#isRunning) void this.#run();
    return done.promise;
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#waiting.length > 0) {
      for (const { payload, done } of this.#waiting.splice(0, eventsPerTurn))
        done.resolve(this.#verifier.verify(payload));
      await nextTurn();
    }
    this.#isRunning = false;
  }
}
