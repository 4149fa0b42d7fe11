/** A broken invariant is a bug, not a fault: nothing catches it, so the process ends and restarts from durable state. */
export class InvariantViolation extends Error {
  override readonly name = "InvariantViolation";
}

/** Asserts what the code relies on. */
export function invariant(condition: unknown, statement: string): asserts condition {
  if (!condition) throw new InvariantViolation(statement);
}

/** Makes a switch over a union exhaustive: compiles only when no case is left. */
export function assertNever(value: never): never {
  throw new InvariantViolation(`unreachable: ${String(value)}`);
}
