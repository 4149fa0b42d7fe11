import type { ServiceBinding } from "./binding.ts";
import type { CallScope } from "./call-scope.ts";
import type { Cancellation, Channel, OutgoingCall } from "./channel.ts";
import type { MethodDefinition } from "./definition.ts";
import {
  type Answer,
  type DispatchedMethod,
  Dispatcher,
  type DispatcherDependencies,
  type IncomingCall,
  localPrefix,
} from "./dispatcher.ts";
import { decodeMessage, encodeMessage, transportBytesMax } from "./message-codec.ts";
import { PipedStream } from "./piped-stream.ts";
import { RpcError, transportError } from "./rpc-error.ts";
import { decodeRpcError, encodeRpcError } from "./status-details.ts";

interface Route {
  readonly dispatcher: Dispatcher;
  readonly method: DispatchedMethod;
  readonly answer: Answer<unknown>;
}

interface StartedCall {
  readonly route: Route;
  readonly scope: CallScope;
  readonly answer: Answer<unknown>;
  request(): unknown;
}

/** The services of one process: local clients reach them without sockets, and a gRPC server can serve them as well. */
export class LocalServices {
  private readonly routes = new Map<string, Route>();
  private readonly deps: DispatcherDependencies;

  constructor(deps: DispatcherDependencies) {
    this.deps = deps;
  }

  /** Makes a service reachable and answers its dispatcher, which a gRPC server may serve too. */
  add(binding: ServiceBinding): Dispatcher {
    const dispatcher = new Dispatcher(binding, this.deps);
    for (const [path, method] of dispatcher.methods) {
      const answer = { message: responseCopier(method.definition, dispatcher), error: wireCopy };
      this.routes.set(path, { dispatcher, method, answer });
    }
    return dispatcher;
  }

  /** A channel for one module; its calls arrive from `local:<module>`. */
  channel(module: string): Channel {
    return new InProcessChannel(this.routes, [`${localPrefix}${module}`]);
  }
}

/** Calls handlers directly, but through the same encoding, rules and errors as the wire. */
class InProcessChannel implements Channel {
  private readonly routes: ReadonlyMap<string, Route>;
  private readonly peers: readonly string[];

  constructor(routes: ReadonlyMap<string, Route>, peers: readonly string[]) {
    this.routes = routes;
    this.peers = peers;
  }

  unary(call: OutgoingCall, request: unknown): Promise<unknown> {
    try {
      const started = this.start(call, request);
      const { route, scope, answer } = started;
      return route.dispatcher.unary(route.method, scope, started.request, answer);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  stream(call: OutgoingCall, request: unknown): AsyncIterator<unknown> {
    const started = this.start(call, request);
    const { route, scope, answer } = started;
    return route.dispatcher.stream(route.method, scope, started.request, answer);
  }

  close(): void {}

  private route(call: OutgoingCall): Route {
    const route = this.routes.get(call.path);
    if (route === undefined) throw transportError("METHOD_UNKNOWN", { facts: { method: call.path } });
    return route;
  }

  private start(call: OutgoingCall, request: unknown): StartedCall {
    const route = this.route(call);
    const { deadline, metadata, signal } = call;
    const { requestStream, requestType } = call.method;
    // Encoded before the call is open, as the wire does.
    const bytes = requestStream ? undefined : encodeMessage(requestType, request, transportBytesMax);
    const scope = openScope(route, { peers: this.peers, deadline, metadata });
    const { maxRequestBytes } = route.dispatcher.binding.limits;
    if (bytes !== undefined && signal === undefined) {
      const decode = (): unknown => decodeMessage(requestType, bytes, maxRequestBytes);
      return { route, scope, answer: route.answer, request: decode };
    }
    let cancelled: Cancellation | undefined;
    const cancel = (cause: unknown): void => {
      cancelled ??= { cause };
      scope.cancel(transportError("CANCELLED"));
    };
    if (signal !== undefined) linkSignal(signal, scope, cancel);
    const error = (failure: RpcError): RpcError =>
      cancelled !== undefined && failure.code === "CANCELLED"
        ? transportError("CANCELLED", cancelled)
        : wireCopy(failure);
    const take =
      bytes === undefined
        ? () => requestCopier(call, request as AsyncIterable<unknown>, { maxRequestBytes, scope, cancel })
        : () => decodeMessage(requestType, bytes, maxRequestBytes);
    return { route, scope, answer: { message: route.answer.message, error }, request: take };
  }
}

function openScope(route: Route, call: IncomingCall): CallScope {
  try {
    return route.dispatcher.open(route.method, call);
  } catch (error) {
    throw error instanceof RpcError ? wireCopy(error) : error;
  }
}

function linkSignal(signal: AbortSignal, scope: CallScope, cancel: (cause: unknown) => void): void {
  const abort = (): void => cancel(signal.reason);
  signal.addEventListener("abort", abort);
  scope.onEnd = () => signal.removeEventListener("abort", abort);
}

/** The request stream as the handler reads it: coded like on the wire, and wound up with the call. */
function requestCopier(
  call: OutgoingCall,
  request: AsyncIterable<unknown>,
  parts: { maxRequestBytes: number; scope: CallScope; cancel(cause: unknown): void },
): AsyncIterable<unknown> {
  const { requestType } = call.method;
  const stream = new PipedStream<unknown, unknown>({
    source: request[Symbol.asyncIterator](),
    map: (message) =>
      decodeMessage(requestType, encodeMessage(requestType, message, transportBytesMax), parts.maxRequestBytes),
    failure: (thrown) => {
      if (thrown instanceof RpcError) return thrown;
      parts.cancel(thrown);
      return transportError("CANCELLED");
    },
    onRest: () => {},
  });
  parts.scope.whenCancelledOrEnded((error) => stream.abort(error ?? transportError("CANCELLED")));
  return stream;
}

function responseCopier(method: MethodDefinition, dispatcher: Dispatcher): (message: unknown) => unknown {
  const { responseType } = method;
  const { maxResponseBytes } = dispatcher.binding.limits;
  return (message) => responseType.decode(encodeMessage(responseType, message, maxResponseBytes));
}

/** The error as a remote caller would see it: without causes and with facts as strings. */
function wireCopy(error: RpcError): RpcError {
  return decodeRpcError(encodeRpcError(error)) ?? transportError("INTERNAL");
}
