import { setImmediate } from "node:timers/promises";
import type { Steps } from "@koinon/trie/steps";

/** Lets others have the thread now and then while much is executed. */
export interface Pacing {
  /** Asked after each transaction: true when it is time to pause. */
  isDue(): boolean;
  /** Resolves when everybody else who was ready has had a turn. */
  pause(): Promise<void>;
  /** Carries out steps of a millisecond or more each, pausing between them when it is time. */
  carryOut<T>(steps: Steps<T>): Promise<T>;
}

/** How many transactions pass between looks at the clock; reading it costs about as much as a tenth of a transfer. */
const lookEvery = 16;

/** Pauses after so many milliseconds of work. */
export function createPacing({ sliceMs }: { readonly sliceMs: number }, { now }: { now(): number }): Pacing {
  let untilLook = lookEvery;
  let sliceEnd = now() + sliceMs;
  const pause = async (): Promise<void> => {
    await setImmediate();
    sliceEnd = now() + sliceMs;
  };
  return {
    isDue() {
      if (--untilLook > 0) return false;
      untilLook = lookEvery;
      return now() >= sliceEnd;
    },
    pause,
    async carryOut(steps) {
      let step = steps.next();
      while (step.done !== true) {
        if (now() >= sliceEnd) await pause();
        step = steps.next();
      }
      return step.value;
    },
  };
}
