/** Tells the time. */
export interface Clock {
  /** Whole milliseconds since the epoch. */
  now(): number;
}

/** A clock that also measures: its ticks never go back. */
export interface SystemClock extends Clock {
  /** Milliseconds since an arbitrary start, with a fraction. */
  monotonicMs(): number;
}

/** The machine's clock. */
export const systemClock: SystemClock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
};
