import { AsyncResource } from "node:async_hooks";
import { invariant } from "@koinon/errors/invariant";
import type { AnyHandler, ServiceBinding } from "./binding.ts";
import { CallScope, type Clock } from "./call-scope.ts";
import { type MethodDefinition, methodPath } from "./definition.ts";
import { rpcErrorFromThrown } from "./fault-mapping.ts";
import type { CallContext } from "./handler.ts";
import type { CallObservation, RpcObserver } from "./observer.ts";
import { PipedStream } from "./piped-stream.ts";
import { RpcError, transportError } from "./rpc-error.ts";

/** A call as a transport hands it in. */
export interface IncomingCall {
  /** Names the transport proved for the peer; empty when it proved none. */
  readonly peers: readonly string[];
  /** Milliseconds since the epoch; Infinity when the caller set none. */
  readonly deadline: number;
  readonly metadata: ReadonlyMap<string, string>;
}

/** How a transport takes what a handler gives. */
export interface Answer<T> {
  message(message: unknown): T;
  error(error: RpcError): unknown;
}

export interface DispatcherDependencies {
  readonly clock: Clock;
  /** Told of everything thrown that is not a declared fault, before the caller gets INTERNAL. */
  onBug?(error: unknown, method: string): void;
  readonly observer?: RpcObserver;
}

/** One rpc of a binding, prepared for dispatch. */
export interface DispatchedMethod {
  readonly path: string;
  readonly definition: MethodDefinition;
  readonly handler: (request: unknown, context: CallContext) => unknown;
}

/** Marks a caller in the same process. */
export const localPrefix = "local:";

/** Runs the handlers of one service behind the rules that hold over every transport: callers, bound, deadline, faults, drain. */
export class Dispatcher {
  readonly binding: ServiceBinding;
  readonly methods: ReadonlyMap<string, DispatchedMethod>;
  private readonly deps: DispatcherDependencies;
  private readonly served = new Set<CallScope>();
  private readonly idleWaiters: (() => void)[] = [];
  private refusal: "DRAINING" | "UNAVAILABLE" | undefined;

  constructor(binding: ServiceBinding, deps: DispatcherDependencies) {
    this.binding = binding;
    this.deps = deps;
    this.methods = new Map(
      Object.entries(binding.definition.methods).map(([key, definition]) => {
        const path = methodPath(binding.definition, definition);
        return [path, { path, definition, handler: handlerOf(binding, key) }];
      }),
    );
  }

  /** Calls whose handlers have not settled. */
  get activeCalls(): number {
    return this.served.size;
  }

  /** Takes a call on, or throws the RpcError it is refused with. The caller goes on with `unary` or `stream` at once. */
  open(method: DispatchedMethod, call: IncomingCall): CallScope {
    const observation = this.deps.observer?.served(method.path, call.metadata);
    try {
      const scope = this.admit(call, observation);
      this.served.add(scope);
      return scope;
    } catch (error) {
      if (error instanceof RpcError) observation?.end(error.status, error);
      throw error;
    }
  }

  /** Handles a call with one answer. The promise rejects as soon as the call is cut short, whatever the handler does. */
  unary<T>(method: DispatchedMethod, scope: CallScope, request: () => unknown, answer: Answer<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const fail = (thrown: unknown): void => {
        const error = this.errorFrom(thrown, method, scope);
        this.finish(scope, error);
        reject(answer.error(error));
      };
      scope.onCancel = (error) => reject(answer.error(error));
      try {
        const pending = this.invoke(method, scope, request) as Promise<unknown>;
        pending.then((message) => {
          try {
            const encoded = coded(() => answer.message(message));
            this.finish(scope, undefined);
            resolve(encoded);
          } catch (error) {
            fail(error);
          }
        }, fail);
      } catch (error) {
        fail(error);
      }
    });
  }

  /** Handles a call with a stream of answers, each produced when it is read. */
  stream<T>(
    method: DispatchedMethod,
    scope: CallScope,
    request: () => unknown,
    answer: Answer<T>,
  ): PipedStream<unknown, T> {
    let failure: RpcError | undefined;
    let source: AsyncIterator<unknown>;
    try {
      const iterable = this.invoke(method, scope, request) as AsyncIterable<unknown>;
      source = iterable[Symbol.asyncIterator]();
    } catch (error) {
      source = { next: () => Promise.reject(error) };
    }
    // A snapshot does the same at twenty times the cost.
    const context = scope.run(() => new AsyncResource("RpcStream", { requireManualDestroy: true }));
    const stream = new PipedStream<unknown, T>({
      source,
      map: (message) => coded(() => answer.message(message)),
      failure: (thrown) => {
        failure = this.errorFrom(thrown, method, scope);
        return answer.error(failure);
      },
      onRest: () => this.finish(scope, failure),
      run: (step) => context.runInAsyncScope(step),
    });
    scope.onCancel = (error) => stream.abort(answer.error(error));
    return stream;
  }

  /** Refuses new calls: UNAVAILABLE before its module has started, DRAINING before it stops. */
  refuse(reason: "DRAINING" | "UNAVAILABLE"): void {
    this.refusal = reason;
  }

  /** Takes calls again. */
  accept(): void {
    this.refusal = undefined;
  }

  /** Refuses new calls and waits for running ones; those that are not done when the signal aborts are cut short. */
  async drain(signal: AbortSignal): Promise<void> {
    this.refuse("DRAINING");
    const cut = (): void => this.cancelAll(transportError("DRAINING"));
    if (signal.aborted) cut();
    else signal.addEventListener("abort", cut, { once: true });
    await Promise.race([this.idle(), aborted(signal)]);
    signal.removeEventListener("abort", cut);
  }

  /** Resolves when no handler is running. */
  idle(): Promise<void> {
    if (this.served.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.idleWaiters.push(resolve));
  }

  /** Cuts every running call short. */
  cancelAll(error: RpcError): void {
    for (const scope of [...this.served]) scope.cancel(error);
  }

  private admit(call: IncomingCall, observation: CallObservation | undefined): CallScope {
    const { limits, callers, definition } = this.binding;
    if (this.refusal !== undefined) throw transportError(this.refusal);
    const caller = allowedCaller(call.peers, callers);
    if (caller === undefined) {
      throw transportError("CALLER_REFUSED", {
        facts: { caller: call.peers[0] ?? "anonymous", service: definition.fullName },
      });
    }
    if (this.served.size >= limits.maxConcurrent) {
      throw transportError("OVERLOADED", {
        facts: { service: definition.fullName },
        retryAfterMs: limits.retryAfterMs,
      });
    }
    const now = this.deps.clock.now();
    const deadline = Math.min(call.deadline, now + limits.maxTimeoutMs);
    if (deadline <= now) throw transportError("DEADLINE_EXCEEDED");
    return new CallScope({ deadline, metadata: call.metadata, caller }, now, observation);
  }

  private invoke(method: DispatchedMethod, scope: CallScope, request: () => unknown): unknown {
    const message = coded(request);
    return scope.run(() => method.handler(message, scope));
  }

  private errorFrom(thrown: unknown, method: DispatchedMethod, scope: CallScope): RpcError {
    if (scope.cancelled !== undefined) return scope.cancelled;
    if (thrown instanceof CodecFailure) return thrown.error;
    const error = rpcErrorFromThrown(thrown, this.binding.faults);
    if (error.code === "INTERNAL") this.deps.onBug?.(thrown, method.path);
    return error;
  }

  private finish(scope: CallScope, failure: RpcError | undefined): void {
    if (scope.ended) return;
    const error = scope.cancelled ?? failure;
    scope.end();
    this.served.delete(scope);
    scope.observation?.end(error === undefined ? "OK" : error.status, error);
    if (this.served.size === 0) for (const resolve of this.idleWaiters.splice(0)) resolve();
  }
}

/** A message of this very call that could not be coded, as opposed to whatever the handler's own work threw. */
class CodecFailure extends Error {
  readonly error: RpcError;

  constructor(error: RpcError) {
    super();
    this.error = error;
  }
}

function coded<T>(code: () => T): T {
  try {
    return code();
  } catch (error) {
    throw error instanceof RpcError ? new CodecFailure(error) : error;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function handlerOf(binding: ServiceBinding, key: string): DispatchedMethod["handler"] {
  const handler: AnyHandler | undefined = binding.handlers[key];
  invariant(handler !== undefined, `${binding.definition.fullName} has a handler for ${key}`);
  // The binding was checked against its definition, whose codec makes the request.
  return (request, context) => handler.call(binding.handlers, request as never, context);
}

function allowedCaller(peers: readonly string[], callers: ServiceBinding["callers"]): string | undefined {
  if (callers === "any") return peers[0] ?? "anonymous";
  return peers.find((peer) => callers.includes(peer.startsWith(localPrefix) ? peer.slice(localPrefix.length) : peer));
}
