import { AsyncLocalStorage } from "node:async_hooks";
import type { CallContext } from "./handler.ts";
import type { CallObservation } from "./observer.ts";
import { type RpcError, transportError } from "./rpc-error.ts";

/** Milliseconds since the epoch; the runtime's clock is one. */
export interface Clock {
  now(): number;
}

/** One call being handled: its context, its cancellation and its end. The abort signal is made only when somebody asks for it. */
export class CallScope implements CallContext {
  readonly deadline: number;
  readonly metadata: ReadonlyMap<string, string>;
  readonly caller: string;
  readonly observation: CallObservation | undefined;
  /** Why the call was cut short, once it was. */
  cancelled: RpcError | undefined;
  /** True once the handler has settled; work that outlives it no longer inherits its deadline. */
  ended = false;
  /** Told once when the call is cut short. */
  onCancel: ((error: RpcError) => void) | undefined;
  /** Told once when the handler has settled. */
  onEnd: (() => void) | undefined;
  private requestEnd: ((error: RpcError | undefined) => void) | undefined;
  private controller: AbortController | undefined;
  private readonly timer: NodeJS.Timeout;

  constructor(
    call: { deadline: number; metadata: ReadonlyMap<string, string>; caller: string },
    now: number,
    observation: CallObservation | undefined,
  ) {
    this.deadline = call.deadline;
    this.metadata = call.metadata;
    this.caller = call.caller;
    this.observation = observation;
    this.timer = setTimeout(expire, call.deadline - now, this);
  }

  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    if (this.cancelled !== undefined && !this.controller.signal.aborted) this.controller.abort(this.cancelled);
    return this.controller.signal;
  }

  /** Cuts the call short; only the first reason counts, and none after the end. */
  cancel(error: RpcError): void {
    if (this.cancelled !== undefined || this.ended) return;
    this.cancelled = error;
    clearTimeout(this.timer);
    this.controller?.abort(error);
    this.requestEnd?.(error);
    this.onCancel?.(error);
  }

  /** Registers what winds the request stream up. */
  whenCancelledOrEnded(windUp: (error: RpcError | undefined) => void): void {
    if (this.cancelled !== undefined || this.ended) windUp(this.cancelled);
    else this.requestEnd = windUp;
  }

  /** Runs handler code so that `currentCall` and the span are this call's. */
  run<T>(work: () => T): T {
    const { observation } = this;
    if (observation?.run === undefined) return callScopes.run(this, work);
    return callScopes.run(this, () => observation.run?.(work) ?? work());
  }

  /** The handler has settled. */
  end(): void {
    if (this.ended) return;
    this.ended = true;
    clearTimeout(this.timer);
    this.requestEnd?.(this.cancelled);
    this.onEnd?.();
  }
}

function expire(scope: CallScope): void {
  scope.cancel(transportError("DEADLINE_EXCEEDED"));
}

/** The call that the running code handles. */
export const callScopes = new AsyncLocalStorage<CallScope>();

/** The call being handled here and now; undefined outside of handlers and after their end. */
export function currentCall(): CallContext | undefined {
  const scope = callScopes.getStore();
  return scope === undefined || scope.ended ? undefined : scope;
}
