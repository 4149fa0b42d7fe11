import type { Tracer } from "@koinon/evm/tracer";

/** A tracer that hands everything to another one, or to none, which may change between transactions. */
export interface SwitchingTracer extends Tracer {
  current: Tracer | undefined;
}

/** Makes one that hands on to nobody yet. */
export function switchingTracer(): SwitchingTracer {
  const tracer: SwitchingTracer = {
    current: undefined,
    begin: (world) => tracer.current?.begin?.(world),
    enter: (event) => tracer.current?.enter?.(event),
    step: (event) => tracer.current?.step?.(event),
    log: (log) => tracer.current?.log?.(log),
    exit: (event) => tracer.current?.exit?.(event),
    end: (event) => tracer.current?.end?.(event),
  };
  return tracer;
}
