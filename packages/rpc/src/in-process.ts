import type { ServiceBinding } from "./binding.ts";
import type { CallScope } from "./call-scope.ts";
import type { Channel, OutgoingCall } from "./channel.ts";
import type { MethodDefinition } from "./definition.ts";
import {
  type Answer,
  type DispatchedMethod,
  Dispatcher,
  type DispatcherDependencies,
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
      const route = this.route(call);
      const sent = sentRequest(route, call, request);
      const scope = this.open(route, call);
      return route.dispatcher.unary(route.method, scope, () => sent(scope), answerFor(route, call.signal));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  stream(call: OutgoingCall, request: unknown): AsyncIterator<unknown> {
    const route = this.route(call);
    const sent = sentRequest(route, call, request);
    const scope = this.open(route, call);
    return route.dispatcher.stream(route.method, scope, () => sent(scope), answerFor(route, call.signal));
  }

  close(): void {}

  private route(call: OutgoingCall): Route {
    const route = this.routes.get(call.path);
    if (route === undefined) throw transportError("METHOD_UNKNOWN", { facts: { method: call.path } });
    return route;
  }

  private open(route: Route, call: OutgoingCall): CallScope {
    const { deadline, metadata, signal } = call;
    let scope: CallScope;
    try {
      scope = route.dispatcher.open(route.method, { peers: this.peers, deadline, metadata });
    } catch (error) {
      throw error instanceof RpcError ? wireCopy(error) : error;
    }
    if (signal !== undefined) {
      const abort = (): void => scope.cancel(transportError("CANCELLED"));
      signal.addEventListener("abort", abort);
      scope.onEnd = () => signal.removeEventListener("abort", abort);
    }
    return scope;
  }
}

/** Encodes the request at once, as the wire does, and hands out what decodes it in the call's scope. */
function sentRequest(route: Route, call: OutgoingCall, request: unknown): (scope: CallScope) => unknown {
  const { requestType } = call.method;
  const { maxRequestBytes } = route.dispatcher.binding.limits;
  if (!call.method.requestStream) {
    const bytes = encodeMessage(requestType, request, transportBytesMax);
    return () => decodeMessage(requestType, bytes, maxRequestBytes);
  }
  return (scope) => {
    const stream = new PipedStream<unknown, unknown>({
      source: (request as AsyncIterable<unknown>)[Symbol.asyncIterator](),
      map: (message) =>
        decodeMessage(requestType, encodeMessage(requestType, message, transportBytesMax), maxRequestBytes),
      failure: (thrown) => (thrown instanceof RpcError ? thrown : transportError("CANCELLED", { cause: thrown })),
      onRest: () => {},
    });
    scope.whenCancelledOrEnded((error) => stream.abort(error ?? transportError("CANCELLED")));
    return stream;
  };
}

function responseCopier(method: MethodDefinition, dispatcher: Dispatcher): (message: unknown) => unknown {
  const { responseType } = method;
  const { maxResponseBytes } = dispatcher.binding.limits;
  return (message) => responseType.decode(encodeMessage(responseType, message, maxResponseBytes));
}

function answerFor(route: Route, signal: AbortSignal | undefined): Answer<unknown> {
  if (signal === undefined) return route.answer;
  const { message } = route.answer;
  const error = (failure: RpcError): RpcError =>
    signal.aborted && failure.code === "CANCELLED"
      ? transportError("CANCELLED", { cause: signal.reason })
      : wireCopy(failure);
  return { message, error };
}

/** The error as a remote caller would see it: without causes and with facts as strings. */
function wireCopy(error: RpcError): RpcError {
  return decodeRpcError(encodeRpcError(error)) ?? transportError("INTERNAL");
}
