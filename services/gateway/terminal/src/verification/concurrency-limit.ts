/** Runs at most `max` jobs at a time, the others in order after them. */
export function createConcurrencyLimit(max: number): <T>(job: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  const release = (): void => {
    const next = waiting.shift();
    // The place goes straight to the next in line, so that nobody who comes later can take it.
    if (next === undefined) running -= 1;
    else next();
  };
  return async (job) => {
    if (running < max) running += 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await job();
    } finally {
      release();
    }
  };
}
