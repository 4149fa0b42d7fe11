import type { MethodDefinition, RequestOf, ResponseOf, ServiceDefinition } from "./definition.ts";

/** What a handler knows about the call it serves; the same over every transport. */
export interface CallContext {
  /** Aborts when the caller cancels, the deadline passes or the server gives up draining; its reason is an RpcError. */
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch after which nobody waits for the answer. */
  readonly deadline: number;
  /** Request metadata with lower-case names; binary values are not carried. */
  readonly metadata: ReadonlyMap<string, string>;
  /** The service that calls, as the transport proved it; `local:<module>` in process. */
  readonly caller: string;
}

/** The implementation of one rpc. A request stream is read at the handler's pace; a response stream is produced at the caller's. */
export type Handler<M extends MethodDefinition> = (
  request: M["requestStream"] extends true ? AsyncIterable<RequestOf<M>> : RequestOf<M>,
  context: CallContext,
) => M["responseStream"] extends true ? AsyncIterable<ResponseOf<M>> : Promise<ResponseOf<M>>;

/** The implementation of a service: one handler per rpc. */
export type Handlers<D extends ServiceDefinition> = { readonly [K in keyof D["methods"]]: Handler<D["methods"][K]> };

/** How one call is made. */
export interface CallOptions {
  /** Cancels the call; the call then fails with CANCELLED and the signal's reason as cause. */
  readonly signal?: AbortSignal;
  /** Milliseconds from now; never extends the deadline of the call that is being handled. */
  readonly timeoutMs?: number;
  /** Request metadata; names are lower case, values printable ASCII. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * The caller's side of one rpc. Failures are `RpcError`. A response stream is single use, starts at its first read, and is
 * cancelled by leaving the loop early.
 */
export type ClientMethod<M extends MethodDefinition> = (
  request: M["requestStream"] extends true ? AsyncIterable<RequestOf<M>> : RequestOf<M>,
  options?: CallOptions,
) => M["responseStream"] extends true ? AsyncIterable<ResponseOf<M>> : Promise<ResponseOf<M>>;

/** The caller's side of a service. */
export type Client<D extends ServiceDefinition> = { readonly [K in keyof D["methods"]]: ClientMethod<D["methods"][K]> };
