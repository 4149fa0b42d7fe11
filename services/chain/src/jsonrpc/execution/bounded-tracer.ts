import type { EnterEvent, StepEvent, Tracer } from "@koinon/evm/tracer";
import type { SystemClock } from "@koinon/runtime/clock";
import { JsonRpcError } from "../json-rpc-error.ts";

/** What traces of one request may take together. */
export class TraceBudget {
  #bytes: number;

  constructor(bytesMax: number) {
    this.#bytes = bytesMax;
  }

  /** Throws when the traces have become too large. */
  take(bytes: number): void {
    this.#bytes -= bytes;
    if (this.#bytes < 0) throw new JsonRpcError({ code: "RESPONSE_TOO_LARGE", message: "trace too large" });
  }
}

/** Bounds of one trace. */
export interface TraceBounds {
  readonly timeoutMs: number;
  readonly budget: TraceBudget;
  readonly clock: Pick<SystemClock, "monotonicMs">;
  /** True when every instruction is recorded, with or without memory. */
  readonly recordsSteps: boolean;
  readonly recordsMemory: boolean;
}

/** A look at the clock costs as much as several instructions. */
const stepsBetweenLooks = 1_024;
const entryBytes = 300;
const wordBytes = 68;

/**
 * The tracer with bounds on time and size: what goes beyond them is thrown through the machine, which is not used again. Calls
 * are looked at always, instructions when the tracer does: code that is not watched is bounded by its gas alone.
 */
export function boundTracer(inner: Tracer, bounds: TraceBounds): Tracer {
  const { clock, budget, timeoutMs } = bounds;
  const deadline = clock.monotonicMs() + timeoutMs;
  let steps = 0;
  const look = (): void => {
    if (clock.monotonicMs() > deadline) throw new JsonRpcError({ code: "SERVER_ERROR", message: "execution timeout" });
  };
  const watched: Tracer = {
    enter: (event: EnterEvent) => {
      look();
      budget.take(entryBytes + 2 * event.input.length);
      inner.enter?.(event);
    },
  };
  if (inner.begin !== undefined) watched.begin = (event) => inner.begin?.(event);
  if (inner.log !== undefined) watched.log = (log) => inner.log?.(log);
  if (inner.end !== undefined) watched.end = (event) => inner.end?.(event);
  if (inner.exit !== undefined) watched.exit = (event) => inner.exit?.(event);
  if (inner.step !== undefined) {
    watched.step = (event: StepEvent) => {
      steps++;
      if (steps % stepsBetweenLooks === 0) look();
      if (bounds.recordsSteps) budget.take(stepBytes(event, bounds.recordsMemory));
      inner.step?.(event);
    };
  }
  return watched;
}

function stepBytes({ frame }: StepEvent, recordsMemory: boolean): number {
  return entryBytes + wordBytes * frame.sp + (recordsMemory ? 2 * frame.memory.size : 0);
}
