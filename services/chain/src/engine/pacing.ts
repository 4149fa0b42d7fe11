import { setImmediate } from "node:timers/promises";

/** Lets others have the thread now and then while much is executed. */
export interface Pacing {
  /** Asked after each transaction: true when it is time to pause. */
  isDue(): boolean;
  /** Resolves when everybody else who was ready has had a turn. */
  pause(): Promise<void>;
}

/** How many transactions pass between looks at the clock; reading it costs about as much as a tenth of a transfer. */
const lookEvery = 16;

/** Pauses after so many milliseconds of work. */
export function createPacing({ sliceMs }: { readonly sliceMs: number }, { now }: { now(): number }): Pacing {
  let untilLook = lookEvery;
  let sliceEnd = now() + sliceMs;
  return {
    isDue() {
      if (--untilLook > 0) return false;
      untilLook = lookEvery;
      return now() >= sliceEnd;
    },
    async pause() {
      await setImmediate();
      sliceEnd = now() + sliceMs;
    },
  };
}
