import { invariant } from "@koinon/errors/invariant";
import { type Clock, callScopes } from "./call-scope.ts";
import type { Channel, OutgoingCall } from "./channel.ts";
import { type MethodDefinition, methodPath, type ServiceDefinition } from "./definition.ts";
import type { CallOptions, Client } from "./handler.ts";
import { transportError } from "./rpc-error.ts";

export interface ClientOptions {
  /** Milliseconds for calls with one answer that name no time-out of their own. */
  readonly timeoutMs?: number;
  /** Milliseconds for calls with a stream of answers that name no time-out of their own. */
  readonly streamTimeoutMs?: number;
}

export interface ClientDependencies {
  readonly clock: Clock;
}

const timeoutMsDefault = 10_000;
const streamTimeoutMsDefault = 10 * 60_000;
const noMetadata: ReadonlyMap<string, string> = new Map();

/** A typed client over a channel. Every call has a deadline: the call's, else the client's, and never later than that of the call being handled. */
export function createClient<D extends ServiceDefinition>(
  definition: D,
  channel: Channel,
  options: ClientOptions,
  deps: ClientDependencies,
): Client<D> {
  const methods: Record<string, unknown> = {};
  for (const [key, method] of Object.entries(definition.methods)) {
    const path = methodPath(definition, method);
    const timeoutMs = method.responseStream
      ? (options.streamTimeoutMs ?? streamTimeoutMsDefault)
      : (options.timeoutMs ?? timeoutMsDefault);
    const prepare = (call: CallOptions | undefined): OutgoingCall =>
      prepareCall({ path, method, timeoutMs, call, clock: deps.clock });
    methods[key] = method.responseStream ? streamMethod(channel, prepare) : unaryMethod(channel, prepare);
  }
  return methods as Client<D>;
}

type Prepare = (call: CallOptions | undefined) => OutgoingCall;

function unaryMethod(channel: Channel, prepare: Prepare) {
  return (request: unknown, options?: CallOptions): Promise<unknown> => {
    try {
      return channel.unary(prepare(options), request);
    } catch (error) {
      return Promise.reject(error);
    }
  };
}

function streamMethod(channel: Channel, prepare: Prepare) {
  return (request: unknown, options?: CallOptions): AsyncIterable<unknown> =>
    new ResponseStream(() => startStream(channel, () => prepare(options), request));
}

/** The answers of one call, which starts when they are read. */
class ResponseStream implements AsyncIterable<unknown> {
  readonly #start: () => AsyncIterator<unknown>;
  #isStarted = false;

  constructor(start: () => AsyncIterator<unknown>) {
    this.#start = start;
  }

  [Symbol.asyncIterator](): AsyncIterator<unknown> {
    invariant(!this.#isStarted, "a response stream is read once");
    this.#isStarted = true;
    return this.#start();
  }
}

/** Starts a stream; what prevents the start surfaces at the first read, as on the wire. */
function startStream(channel: Channel, prepare: () => OutgoingCall, request: unknown): AsyncIterator<unknown> {
  try {
    return channel.stream(prepare(), request);
  } catch (error) {
    return { next: () => Promise.reject(error) };
  }
}

function prepareCall(given: {
  path: string;
  method: MethodDefinition;
  timeoutMs: number;
  call: CallOptions | undefined;
  clock: Clock;
}): OutgoingCall {
  const { path, method, call, clock } = given;
  const now = clock.now();
  let deadline = now + (call?.timeoutMs ?? given.timeoutMs);
  const scope = callScopes.getStore();
  if (scope !== undefined && !scope.ended) deadline = Math.min(deadline, scope.deadline);
  if (call?.signal?.aborted === true) throw transportError("CANCELLED", { cause: call.signal.reason });
  if (deadline <= now) throw transportError("DEADLINE_EXCEEDED");
  const metadata = call?.metadata === undefined ? noMetadata : new Map(Object.entries(call.metadata));
  return { path, method, deadline, metadata, signal: call?.signal };
}
