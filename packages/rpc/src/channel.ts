import type { MethodDefinition } from "./definition.ts";

/** One outgoing call, as `createClient` prepared it. */
export interface OutgoingCall {
  readonly path: string;
  readonly method: MethodDefinition;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  readonly metadata: ReadonlyMap<string, string>;
  readonly signal: AbortSignal | undefined;
}

/** Why this side gave a call up: the reason of its signal, or what its request stream threw. */
export interface Cancellation {
  readonly cause: unknown;
}

/** A way to reach services: in this process or over gRPC. Both fail with the same errors. `request` is a message or, for request streams, an AsyncIterable. */
export interface Channel {
  unary(call: OutgoingCall, request: unknown): Promise<unknown>;
  /** Starts the call. */
  stream(call: OutgoingCall, request: unknown): AsyncIterator<unknown>;
  /** Lets go of connections; calls under way may finish, new ones are UNAVAILABLE. */
  close(): void;
}
