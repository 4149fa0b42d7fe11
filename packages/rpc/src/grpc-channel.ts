import {
  type ChannelOptions,
  Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  type ClientWritableStream,
  credentials as channelCredentials,
  experimental,
  type Metadata,
  type ServiceError,
} from "@grpc/grpc-js";
import type { Clock } from "./call-scope.ts";
import type { CertificateSource } from "./certificate-files.ts";
import type { Cancellation, Channel, OutgoingCall } from "./channel.ts";
import type { ServiceDefinition } from "./definition.ts";
import { rpcErrorFromGrpc } from "./grpc-error.ts";
import { asBuffer, callerHeader, metadataFromMap, sameBuffer } from "./grpc-metadata.ts";
import { MessagePump } from "./grpc-pump.ts";
import { MessageReader } from "./grpc-reader.ts";
import { serviceConfig } from "./grpc-service-config.ts";
import { assertPlaintextAllowed } from "./grpc-target.ts";
import { encodeMessage, transportBytesMax } from "./message-codec.ts";
import type { OutgoingObservation, RpcObserver } from "./observer.ts";
import { servicesOfCertificate } from "./peer-identity.ts";
import { RpcError, transportError } from "./rpc-error.ts";

/** How a client knows its server, and is known by it. */
export type ChannelSecurity =
  /** Mutual TLS: the server's certificate must name this service. */
  | { readonly kind: "mtls"; readonly certificates: CertificateSource; readonly server: string }
  /** No encryption: unix sockets, or loopback when a development set-up asks for it. `caller` is the name to give. */
  | { readonly kind: "plaintext"; readonly caller: string; readonly loopback?: boolean };

export interface GrpcChannelOptions {
  /** `unix:/path`, `host:port` (all addresses of the name are used in turn), or any other target that grpc-js knows. */
  readonly address: string;
  readonly security: ChannelSecurity;
  /** What is called over the channel; tells which methods may be retried. */
  readonly definitions: readonly ServiceDefinition[];
  readonly keepaliveMs?: number;
}

const flowControlWindowBytes = 8 * 1024 * 1024;

/** A channel to another process. It connects at the first call and reconnects with back-off for ever. */
export function createGrpcChannel(
  options: GrpcChannelOptions,
  deps: { readonly clock: Clock; readonly observer?: RpcObserver },
): Channel {
  return new GrpcChannel(options, deps);
}

class GrpcChannel implements Channel {
  private readonly client: Client;
  private readonly clock: Clock;
  private readonly observer: RpcObserver | undefined;
  private readonly caller: string | undefined;
  private closed = false;

  constructor(options: GrpcChannelOptions, deps: { readonly clock: Clock; readonly observer?: RpcObserver }) {
    const { address, security } = options;
    if (security.kind === "plaintext") assertPlaintextAllowed(address, security.loopback === true);
    this.clock = deps.clock;
    this.observer = deps.observer;
    this.caller = security.kind === "plaintext" ? security.caller : undefined;
    this.client = new Client(address, credentialsOf(security), channelOptions(options));
  }

  unary(call: OutgoingCall, request: unknown): Promise<unknown> {
    const observation = this.observer?.called(call.path);
    return new Promise((resolve, reject) => {
      const done = (failure: ServiceError | null, bytes?: Buffer): void => {
        canceller.unlink();
        try {
          if (failure !== null) throw this.errorFrom(failure, call, canceller);
          const message = call.method.responseType.decode(bytes ?? new Uint8Array());
          observation?.end("OK", undefined);
          resolve(message);
        } catch (error) {
          endWithError(observation, error);
          reject(error);
        }
      };
      const canceller = new Canceller(call.signal);
      try {
        this.assertOpen();
        const metadata = this.metadataOf(call, observation);
        canceller.link(this.startUnary(call, request, { metadata, canceller, done }));
      } catch (error) {
        endWithError(observation, error);
        reject(error);
      }
    });
  }

  stream(call: OutgoingCall, request: unknown): AsyncIterator<unknown> {
    this.assertOpen();
    const observation = this.observer?.called(call.path);
    const canceller = new Canceller(call.signal);
    const started = this.startStream(call, request, { metadata: this.metadataOf(call, observation), canceller });
    const { responseType } = call.method;
    const reader = new MessageReader<unknown>({
      source: started,
      decode: (bytes) => responseType.decode(bytes),
      left: () => started.cancel(),
    });
    canceller.link(started, (cancelled) => reader.abort(transportError("CANCELLED", { cause: cancelled.cause })));
    let failure: RpcError | undefined;
    started.on("error", (error: ServiceError) => {
      failure = this.errorFrom(error, call, canceller);
      if (failure.code === "DEADLINE_EXCEEDED") reader.abort(failure);
    });
    // The status comes after every message that was sent before it, however slow the reader.
    started.on("end", () => {
      canceller.unlink();
      reader.close(failure === undefined ? undefined : { error: failure });
      observation?.end(failure === undefined ? "OK" : failure.status, failure);
    });
    return reader;
  }

  close(): void {
    this.closed = true;
    this.client.close();
  }

  private startUnary(
    call: OutgoingCall,
    request: unknown,
    parts: { metadata: Metadata; canceller: Canceller; done(failure: ServiceError | null, bytes?: Buffer): void },
  ): { cancel(): void } {
    const { path, method, deadline } = call;
    const { metadata, done } = parts;
    if (!method.requestStream) {
      const bytes = encoded(call, request);
      return this.client.makeUnaryRequest(path, sameBuffer, sameBuffer, bytes, metadata, { deadline }, done);
    }
    const started = this.client.makeClientStreamRequest(path, sameBuffer, sameBuffer, metadata, { deadline }, done);
    pumpRequest(call, request, started, parts.canceller);
    return started;
  }

  private startStream(
    call: OutgoingCall,
    request: unknown,
    parts: { metadata: Metadata; canceller: Canceller },
  ): ClientReadableStream<Buffer> | ClientDuplexStream<Buffer, Buffer> {
    const { path, method, deadline } = call;
    const { metadata } = parts;
    const settings = { deadline };
    if (!method.requestStream) {
      const bytes = encoded(call, request);
      return this.client.makeServerStreamRequest(path, sameBuffer, sameBuffer, bytes, metadata, settings);
    }
    const started = this.client.makeBidiStreamRequest(path, sameBuffer, sameBuffer, metadata, settings);
    pumpRequest(call, request, started, parts.canceller);
    return started;
  }

  private errorFrom(failure: ServiceError, call: OutgoingCall, canceller: Canceller): RpcError {
    const expired = this.clock.now() >= call.deadline;
    return rpcErrorFromGrpc(failure, { path: call.path, cancelled: canceller.cancelled, expired });
  }

  private assertOpen(): void {
    if (this.closed) throw transportError("UNAVAILABLE", { detail: "the channel is closed" });
  }

  private metadataOf(call: OutgoingCall, observation: OutgoingObservation | undefined): Metadata {
    const metadata = metadataFromMap(call.metadata);
    if (this.caller !== undefined) metadata.set(callerHeader, this.caller);
    if (observation !== undefined) {
      for (const [name, value] of Object.entries(observation.metadata)) metadata.set(name, value);
    }
    return metadata;
  }
}

/** Gives one call up, at most once, and remembers why. */
class Canceller {
  cancelled: Cancellation | undefined;
  private readonly signal: AbortSignal | undefined;
  private call: { cancel(): void } | undefined;
  private told: ((cancelled: Cancellation) => void) | undefined;

  constructor(signal: AbortSignal | undefined) {
    this.signal = signal;
  }

  link(call: { cancel(): void }, told?: (cancelled: Cancellation) => void): void {
    this.call = call;
    this.told = told;
    this.signal?.addEventListener("abort", this.onAbort);
  }

  unlink(): void {
    this.signal?.removeEventListener("abort", this.onAbort);
  }

  cancel(why: Cancellation): void {
    if (this.cancelled !== undefined) return;
    this.cancelled = why;
    this.call?.cancel();
    this.told?.(why);
  }

  private readonly onAbort = (): void => this.cancel({ cause: this.signal?.reason });
}

function encoded(call: OutgoingCall, request: unknown): Buffer {
  return asBuffer(encodeMessage(call.method.requestType, request, transportBytesMax));
}

function pumpRequest(
  call: OutgoingCall,
  request: unknown,
  sink: ClientWritableStream<Buffer> | ClientDuplexStream<Buffer, Buffer>,
  canceller: Canceller,
): void {
  const source = (request as AsyncIterable<unknown>)[Symbol.asyncIterator]();
  const pump = new MessagePump(
    {
      next: async () => {
        const result = await source.next();
        return result.done === true ? { done: true, value: undefined } : { value: encoded(call, result.value) };
      },
    },
    sink,
    (failure) => {
      if (failure === undefined) sink.end();
      else canceller.cancel({ cause: failure.error });
    },
  );
  sink.on("status", () => {
    pump.stop();
    source.return?.().catch(() => {});
  });
  pump.pull();
}

function endWithError(observation: OutgoingObservation | undefined, error: unknown): void {
  if (error instanceof RpcError) observation?.end(error.status, error);
  else observation?.end("UNKNOWN", undefined);
}

function credentialsOf(security: ChannelSecurity) {
  if (security.kind === "plaintext") return channelCredentials.createInsecure();
  const { provider } = security.certificates;
  return experimental.createCertificateProviderChannelCredentials(provider, provider, {
    // The CA is Koinon's own, so what counts is the service a certificate names, not the host name it was reached by.
    checkServerIdentity: (_host, certificate) =>
      servicesOfCertificate(certificate).includes(security.server)
        ? undefined
        : new Error(`the server's certificate does not name ${security.server}`),
  });
}

function channelOptions(options: GrpcChannelOptions): ChannelOptions {
  return {
    "grpc.service_config": serviceConfig(options.definitions),
    "grpc.service_config_disable_resolution": 1,
    "grpc.keepalive_time_ms": options.keepaliveMs ?? 30_000,
    "grpc.keepalive_timeout_ms": 10_000,
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 5_000,
    "grpc.max_receive_message_length": transportBytesMax,
    "grpc.max_send_message_length": transportBytesMax,
    "grpc-node.flow_control_window": flowControlWindowBytes,
    "grpc.enable_channelz": 0,
    "grpc.use_local_subchannel_pool": 1,
  };
}
