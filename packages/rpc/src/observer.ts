import type { RpcError } from "./rpc-error.ts";
import type { Status } from "./status.ts";

/** What is recorded about one call. */
export interface CallObservation {
  /** Runs the handler inside the call's span; absent when there is none. */
  run?<T>(work: () => T): T;
  end(status: Status, error: RpcError | undefined): void;
}

/** What is recorded about one outgoing call. */
export interface OutgoingObservation extends CallObservation {
  /** Metadata that carries the trace to the server. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Sees every call on both sides; metrics and tracing are observers. */
export interface RpcObserver {
  served(path: string, metadata: ReadonlyMap<string, string>): CallObservation;
  called(path: string): OutgoingObservation;
}
