import type { EventEmitter } from "node:events";
import {
  experimental,
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
}

type AnyCall =
  | ServerUnaryCall<Buffer, Buffer>
  | ServerReadableStream<Buffer, Buffer>
  | ServerWritableStream<Buffer, Buffer>
  | ServerDuplexStream<Buffer, Buffer>;

/** Serves dispatchers over gRPC on any number of addresses. */
export class GrpcServer {
  private readonly server: Server;
  private readonly options: GrpcServerOptions;
  private readonly clock: Clock;
  private readonly dispatchers: Dispatcher[] = [];

  constructor(options: GrpcServerOptions, deps: { readonly clock: Clock }) {
    this.options = options;
    this.clock = deps.clock;
    this.server = new Server({
      "grpc.max_receive_message_length": transportBytesMax,
      "grpc.max_send_message_length": transportBytesMax,
      "grpc.keepalive_time_ms": options.keepaliveMs ?? 30_000,
      "grpc.keepalive_timeout_ms": 10_000,
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
    const credentials =
      security.kind === "plaintext"
        ? ServerCredentials.createInsecure()
        : experimental.createCertificateProviderServerCredentials(
            security.certificates.provider,
            security.certificates.provider,
            true,
          );
    const port = await new Promise<number>((resolve, reject) => {
      this.server.bindAsync(address, credentials, (error, bound) => (error === null ? resolve(bound) : reject(error)));
    });
    return address.startsWith("unix:") ? address : `${address.slice(0, address.lastIndexOf(":"))}:${port}`;
  }

  /** Stops accepting, lets running calls finish until the signal aborts, then cuts them short. */
  async stop(signal: AbortSignal): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.tryShutdown(() => resolve()));
    const cut = (): void => {
      for (const dispatcher of this.dispatchers) dispatcher.cancelAll(transportError("DRAINING"));
      // The refusals still go out; connections of peers that do not read them are closed right after.
      setImmediate(() => this.server.forceShutdown());
    };
    if (signal.aborted) cut();
    else signal.addEventListener("abort", cut, { once: true });
    await closed;
    signal.removeEventListener("abort", cut);
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
    const pump = new MessagePump(stream, call, (failure) => {
      if (failure === undefined) call.end();
      else fail(failure.error);
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
      const events: EventEmitter = call;
      events.on("cancelled", () => {
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
    const reader = new MessageReader({ source: call, decode, left: () => {} });
    call.on("end", () => reader.close());
    scope.whenCancelledOrEnded((error) => {
      if (error === undefined) reader.close();
      else reader.abort(error);
    });
    return reader;
  };
}
