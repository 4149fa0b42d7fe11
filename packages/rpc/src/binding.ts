import type { ServiceDefinition } from "./definition.ts";
import type { CallContext, Handlers } from "./handler.ts";
import type { ErrorStatus } from "./status.ts";

/** How a fault code surfaces: its gRPC status and, for what passes by itself, after how long a retry makes sense. */
export type FaultRule = ErrorStatus | { readonly status: ErrorStatus; readonly retryAfterMs: number };

/** One rule per fault code that a service's handlers throw. Declare it as `Record<MyFault["code"], FaultRule>` to keep it exhaustive. */
export type FaultTable = Readonly<Record<string, FaultRule>>;

/** What one service takes on at a time. */
export interface ServiceLimits {
  /** Calls handled at once; one more is refused with OVERLOADED. */
  readonly maxConcurrent: number;
  /** Encoded bytes of one request message. */
  readonly maxRequestBytes: number;
  /** Encoded bytes of one response message. */
  readonly maxResponseBytes: number;
  /** Milliseconds that a call may take at most, also when the caller would wait longer. */
  readonly maxTimeoutMs: number;
  /** RetryInfo of the OVERLOADED refusal, in milliseconds. */
  readonly retryAfterMs: number;
}

const defaultServiceLimits: ServiceLimits = {
  maxConcurrent: 1024,
  maxRequestBytes: 4 * 1024 * 1024,
  maxResponseBytes: 4 * 1024 * 1024,
  maxTimeoutMs: 15 * 60_000,
  retryAfterMs: 1000,
};

/** A handler whose message types are forgotten; its definition says what may be passed. */
export type AnyHandler = (request: never, context: CallContext) => unknown;

/** A service with its implementation and its rules, ready for any transport. */
export interface ServiceBinding {
  readonly definition: ServiceDefinition;
  readonly handlers: Readonly<Record<string, AnyHandler>>;
  /** Services that may call; `"any"` for those that every peer with a valid certificate may. */
  readonly callers: readonly string[] | "any";
  readonly faults: FaultTable;
  readonly limits: ServiceLimits;
}

/** Binds handlers to a definition; the compiler checks that they belong together. */
export function bindService<D extends ServiceDefinition>(binding: {
  readonly definition: D;
  readonly handlers: Handlers<D>;
  readonly callers: readonly string[] | "any";
  readonly faults: FaultTable;
  readonly limits?: Partial<ServiceLimits>;
}): ServiceBinding {
  return {
    definition: binding.definition,
    handlers: binding.handlers,
    callers: binding.callers,
    faults: binding.faults,
    limits: { ...defaultServiceLimits, ...binding.limits },
  };
}
