import type { Tracer } from "@koinon/evm/tracer";
import { CallTracer } from "@koinon/evm/tracing/call-tracer";
import { FourByteTracer } from "@koinon/evm/tracing/four-byte-tracer";
import { PrestateTracer } from "@koinon/evm/tracing/prestate-tracer";
import { StructLogTracer } from "@koinon/evm/tracing/struct-log-tracer";
import type { SystemClock } from "@koinon/runtime/clock";
import type { TraceOptions, TracerChoice } from "../codec/trace-options.ts";
import { boundTracer, type TraceBudget } from "./bounded-tracer.ts";

/** A tracer at work: what watches, and what it found. */
export interface Trace {
  readonly tracer: Tracer;
  result(): unknown;
}

/** What bounds a trace. */
export interface TraceLimits {
  readonly traceTimeoutMs: number;
  readonly budget: TraceBudget;
  readonly clock: Pick<SystemClock, "monotonicMs">;
}

/** Begins a trace of one transaction. */
export function createTrace({ tracer: choice, timeoutMs }: TraceOptions, limits: TraceLimits): Trace {
  const tracer = createTracer(choice);
  const isStructLog = choice.name === "structLog";
  const bounded = boundTracer(tracer, {
    timeoutMs: Math.min(timeoutMs ?? limits.traceTimeoutMs, limits.traceTimeoutMs),
    budget: limits.budget,
    clock: limits.clock,
    recordsSteps: isStructLog,
    recordsMemory: isStructLog && choice.enableMemory,
  });
  return { tracer: bounded, result: () => tracer.result() };
}

function createTracer(choice: TracerChoice): Tracer & { result(): unknown } {
  switch (choice.name) {
    case "structLog":
      return new StructLogTracer(choice);
    case "callTracer":
      return new CallTracer(choice);
    case "prestateTracer":
      return new PrestateTracer(choice);
    case "4byteTracer":
      return new FourByteTracer();
  }
}
