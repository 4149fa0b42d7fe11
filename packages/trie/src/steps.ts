/** Work that can be left between its steps and gone on with later; what it answers comes at the end. */
export type Steps<T> = Generator<undefined, T, undefined>;

/** Carries out all steps without a pause. */
export function atOnce<T>(steps: Steps<T>): T {
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
}
