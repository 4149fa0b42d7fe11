import type { EventEmitter } from "node:events";
import {
  type Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
} from "@grpc/grpc-js";
import type { CallScope, Clock } from "./call-scope.ts";
import type { CertificateSource } from "./certificate-files.ts";
import type { Answer, DispatchedMethod, Dispatcher, IncomingCall } from "./dispatcher.ts";
import { grpcFailureFromRpcError } from "./grpc-error.ts";
import { asBuffer, callerHeader, metadataToMap, sameBuffer } from "./grpc-metadata.ts";
import { MessagePump } from "./grpc-pump.ts";
import { MessageReader } from "./grpc-reader.ts";
import { assertPlaintextAllowed } from "./grpc-target.ts";
import { Listener } from "./listener.ts";
import { decodeMessage, encodeMessage, transportBytesMax } from "./message-codec.ts";
import { peerServices } from "./peer-identity.ts";
import { RpcError, transportError } from "./rpc-error.ts";

/** How a server knows its callers. */
export type ServerSecurity =
  /** Mutual TLS: the caller is the SPIFFE name of its certificate. */
  | { readonly kind: "mtls"; readonly certificates: CertificateSource }
  /** No encryption: unix sockets, or loopback when a development set-up asks for it. The caller is believed what it says. */
  | { readonly kind: "plaintext"; readonly loopback?: boolean };

export interface GrpcServerOptions {
  readonly security: ServerSecurity;
  /** Milliseconds of silence after which a connection is probed. */
  readonly keepaliveMs?: number;
  /** Milliseconds after which a network peer is asked to connect anew: it then finds new replicas, and its certificate is looked at again. */
  readonly connectionAgeMs?: number;
}

type AnyCall =
  | ServerUnaryCall<Buffer, Buffer>
  | ServerReadableStream<Buffer, Buffer>
  | ServerWritableStream<Buffer, Buffer>
  | ServerDuplexStream<Buffer, Buffer>;

const connectionAgeMsDefault = 10 * 60_000;
// Calls that run when their connection is asked to end may go on for so long.
const connectionAgeGraceMs = 15 * 60_000;

// How long a peer may take to read that its calls were cut short.
const refusalGraceMs = 200;

/** Serves dispatchers over gRPC on any number of addresses. */
export class GrpcServer {
  private readonly server: Server;
  private readonly options: GrpcServerOptions;
  private readonly clock: Clock;
  private readonly dispatchers: Dispatcher[] = [];
  private readonly listeners: Listener[] = [];
  private readonly calls = new Set<CallScope>();
  private onAnswered: (() => void) | undefined;
  private injector: ReturnType<Server["createConnectionInjector"]> | undefined;

  constructor(options: GrpcServerOptions, deps: { readonly clock: Clock }) {
    this.options = options;
    this.clock = deps.clock;
    this.server = new Server({
      "grpc.max_receive_message_length": transportBytesMax,
      "grpc.max_send_message_length": transportBytesMax,
      "grpc.keepalive_time_ms": options.keepaliveMs ?? 30_000,
      "grpc.keepalive_timeout_ms": 10_000,
      "grpc.max_connection_age_ms": options.connectionAgeMs ?? connectionAgeMsDefault,
      "grpc.max_connection_age_grace_ms": connectionAgeGraceMs,
      "grpc.enable_channelz": 0,
    });
  }

  /** Serves one service; call it before `listen`. */
  add(dispatcher: Dispatcher): void {
    this.dispatchers.push(dispatcher);
    for (const method of dispatcher.methods.values()) this.register(dispatcher, method);
  }

  /** Binds `host:port` or `unix:/path`; answers the address with the port that was bound. */
  async listen(address: string): Promise<string> {
    const { security } = this.options;
    if (security.kind === "plaintext") assertPlaintextAllowed(address, security.loopback === true);
    // The listener has done the TLS; to grpc-js the connection is plain.
    this.injector ??= this.server.createConnectionInjector(ServerCredentials.createInsecure());
    const { injector } = this;
    const listener = await Listener.open(address, {
      certificates: security.kind === "mtls" ? security.certificates : undefined,
      onConnection: (socket) => injector.injectConnection(socket),
    });
    this.listeners.push(listener);
    return listener.address;
  }

  /** Stops accepting, lets running calls finish until the signal aborts, then cuts them short. */
  async stop(signal: AbortSignal): Promise<void> {
    for (const listener of this.listeners) listener.close();
    const { promise: cutShort, resolve: giveUp } = Promise.withResolvers<void>();
    let grace: NodeJS.Timeout | undefined;
    const cut = (): void => {
      for (const scope of this.calls) scope.cancel(transportError("DRAINING"));
      grace = setTimeout(giveUp, refusalGraceMs);
    };
    if (signal.aborted) cut();
    else signal.addEventListener("abort", cut, { once: true });
    // Tells every peer to call elsewhere; its callback comes before running calls have ended.
    this.server.tryShutdown(() => {});
    await Promise.race([this.answered(), cutShort]);
    signal.removeEventListener("abort", cut);
    clearTimeout(grace);
    await this.disconnected();
  }

  /** Waits for the last bytes to go out, then ends what is left, such as a TLS connection whose peer went away with data unread. */
  private async disconnected(): Promise<void> {
    const { promise: late, resolve: giveUp } = Promise.withResolvers<void>();
    const grace = setTimeout(giveUp, refusalGraceMs);
    await Promise.race([Promise.all(this.listeners.map((listener) => listener.disconnected())), late]);
    clearTimeout(grace);
    for (const listener of this.listeners) listener.destroyConnections();
  }

  /** Resolves when the status of every call is on its way. */
  private answered(): Promise<void> {
    if (this.calls.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.onAnswered = resolve;
    });
  }

  private register(dispatcher: Dispatcher, method: DispatchedMethod): void {
    const { requestStream, responseStream } = method.definition;
    const answer = answerOf(method, dispatcher);
    if (responseStream) {
      const handle = (call: ServerWritableStream<Buffer, Buffer> | ServerDuplexStream<Buffer, Buffer>): void =>
        this.serveStream(dispatcher, method, answer, call);
      this.server.register(method.path, handle, sameBuffer, sameBuffer, requestStream ? "bidi" : "serverStream");
    } else {
      const handle = (
        call: ServerUnaryCall<Buffer, Buffer> | ServerReadableStream<Buffer, Buffer>,
        done: sendUnaryData<Buffer>,
      ): void => this.serveUnary(dispatcher, method, answer, call, done);
      this.server.register(method.path, handle, sameBuffer, sameBuffer, requestStream ? "clientStream" : "unary");
    }
  }

  private serveUnary(
    dispatcher: Dispatcher,
    method: DispatchedMethod,
    answer: Answer<Buffer>,
    call: ServerUnaryCall<Buffer, Buffer> | ServerReadableStream<Buffer, Buffer>,
    done: sendUnaryData<Buffer>,
  ): void {
    const scope = this.open(dispatcher, method, call, (error) => done(grpcFailureFromRpcError(error)));
    if (scope === undefined) return;
    const request = requestOf(dispatcher, method, call, scope);
    dispatcher.unary(method, scope, request, answer).then((bytes) => done(null, bytes), done);
  }

  private serveStream(
    dispatcher: Dispatcher,
    method: DispatchedMethod,
    answer: Answer<Buffer>,
    call: ServerWritableStream<Buffer, Buffer> | ServerDuplexStream<Buffer, Buffer>,
  ): void {
    const fail = (error: unknown): void => void call.emit("error", error);
    const scope = this.open(dispatcher, method, call, (error) => fail(grpcFailureFromRpcError(error)));
    if (scope === undefined) return;
    const stream = dispatcher.stream(method, scope, requestOf(dispatcher, method, call, scope), answer);
    const pump = new MessagePump({
      source: stream,
      write: (bytes, done) => void call.write(bytes, done),
      unwrittenMax: 64,
      ended: (failure) => {
        if (failure === undefined) call.end();
        else fail(failure.error);
      },
    });
    pump.pull();
  }

  /** Takes the call on and ties its life to the connection's; refuses it otherwise. */
  private open(
    dispatcher: Dispatcher,
    method: DispatchedMethod,
    call: AnyCall,
    refuse: (error: RpcError) => void,
  ): CallScope | undefined {
    try {
      const scope = dispatcher.open(method, this.incoming(call));
      this.calls.add(scope);
      const events: EventEmitter = call;
      // Comes for every call when its stream closes, also for those that were answered.
      events.on("cancelled", () => {
        this.calls.delete(scope);
        if (this.calls.size === 0) this.onAnswered?.();
        if (scope.ended) return;
        const expired = this.clock.now() >= scope.deadline;
        scope.cancel(transportError(expired ? "DEADLINE_EXCEEDED" : "CANCELLED"));
      });
      return scope;
    } catch (error) {
      refuse(error instanceof RpcError ? error : transportError("INTERNAL", { cause: error }));
      return undefined;
    }
  }

  private incoming(call: AnyCall): IncomingCall {
    const metadata = metadataToMap(call.metadata);
    const peers =
      this.options.security.kind === "mtls" ? peerServices(call.getAuthContext()) : claimedPeers(call.metadata);
    return { peers, deadline: Number(call.getDeadline()), metadata };
  }
}

function claimedPeers(metadata: Metadata): readonly string[] {
  return metadata.get(callerHeader).map(String);
}

function answerOf(method: DispatchedMethod, dispatcher: Dispatcher): Answer<Buffer> {
  const { responseType } = method.definition;
  const { maxResponseBytes } = dispatcher.binding.limits;
  return {
    message: (message) => asBuffer(encodeMessage(responseType, message, maxResponseBytes)),
    error: grpcFailureFromRpcError,
  };
}

function requestOf(dispatcher: Dispatcher, method: DispatchedMethod, call: AnyCall, scope: CallScope): () => unknown {
  const { requestType } = method.definition;
  const { maxRequestBytes } = dispatcher.binding.limits;
  const decode = (bytes: Buffer): unknown => decodeMessage(requestType, bytes, maxRequestBytes);
  if ("request" in call) return () => decode(call.request);
  return () => {
    const reader = new MessageReader({
      decode,
      more: () => call.resume(),
      hold: () => call.pause(),
      left: () => call.resume(),
    });
    call.on("data", (bytes: Buffer) => reader.take(bytes));
    call.on("end", () => reader.close());
    scope.whenCancelledOrEnded((error) => {
      if (error === undefined) reader.close();
      else reader.abort(error);
    });
    return reader;
  };
}
