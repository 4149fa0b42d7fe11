import { type ChannelOptions, Channel as GrpcJsChannel, type Metadata } from "@grpc/grpc-js";
import type { Clock } from "./call-scope.ts";
import type { Cancellation, Channel, OutgoingCall } from "./channel.ts";
import type { ServiceDefinition } from "./definition.ts";
import { GrpcConnection } from "./grpc-connection.ts";
import { type ChannelSecurity, credentialsOf } from "./grpc-credentials.ts";
import { rpcErrorFromGrpc } from "./grpc-error.ts";
import { asBuffer, callerHeader, metadataFromMap } from "./grpc-metadata.ts";
import { MessagePump } from "./grpc-pump.ts";
import { MessageReader } from "./grpc-reader.ts";
import { serviceConfig } from "./grpc-service-config.ts";
import { assertPlaintextAllowed, isByIp } from "./grpc-target.ts";
import { encodeMessage, transportBytesMax } from "./message-codec.ts";
import type { OutgoingObservation, RpcObserver } from "./observer.ts";
import { type RpcError, transportError } from "./rpc-error.ts";
import { statusCodes } from "./status.ts";

export interface GrpcChannelOptions {
  /** `unix:/path`, `host:port` (all addresses of the name are used in turn), or any other target that grpc-js knows. */
  readonly address: string;
  readonly security: ChannelSecurity;
  /** What is called over the channel; tells which methods may be retried. */
  readonly definitions: readonly ServiceDefinition[];
  readonly keepaliveMs?: number;
  /** First patience with a connection that does not come about, in milliseconds. Default 3,000. */
  readonly connectMs?: number;
}

const flowControlWindowBytes = 8 * 1024 * 1024;

/** A channel to another process. It connects at the first call and reconnects with back-off for ever. */
export function createGrpcChannel(
  options: GrpcChannelOptions,
  deps: { readonly clock: Clock; readonly observer?: RpcObserver },
): Channel {
  return new GrpcChannel(options, deps);
}

type GrpcCall = ReturnType<GrpcJsChannel["createCall"]>;
type CallStatus = Parameters<Parameters<GrpcCall["start"]>[1]["onReceiveStatus"]>[0];

/** A call that was started, and what belongs to it. */
interface Started {
  readonly call: OutgoingCall;
  /** The encoded request; undefined for a request stream. */
  readonly bytes: Buffer | undefined;
  readonly grpc: GrpcCall;
  readonly canceller: Canceller;
  readonly observation: OutgoingObservation | undefined;
}

// Calls are made on grpc-js's Channel rather than its Client, which would wrap each in an emitter, a stream and a stack trace.
class GrpcChannel implements Channel {
  private readonly connection: GrpcConnection;
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
    this.connection = new GrpcConnection(
      { connectMs: options.connectMs ?? 3_000 },
      { open: () => new GrpcJsChannel(address, credentialsOf(security), channelOptions(options)) },
    );
  }

  unary(call: OutgoingCall, request: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const started = this.open(call, request);
      let bytes: Buffer | undefined;
      this.start(started, request, {
        message: (message) => {
          bytes = message;
        },
        ended: (failure) => {
          try {
            if (failure !== undefined && !(bytes !== undefined && isWriteAfterAnswer(failure))) throw failure;
            resolve(call.method.responseType.decode(bytes ?? new Uint8Array()));
          } catch (error) {
            reject(error);
          }
        },
      });
      started.grpc.startRead();
    });
  }

  stream(call: OutgoingCall, request: unknown): AsyncIterator<unknown> {
    const started = this.open(call, request);
    const { grpc, canceller } = started;
    const { responseType } = call.method;
    const reader = new MessageReader<unknown>({
      decode: (bytes) => responseType.decode(bytes),
      more: () => grpc.startRead(),
      hold: () => {},
      left: () => canceller.leave(),
    });
    canceller.onCancel = (cancelled) => reader.abort(transportError("CANCELLED", { cause: cancelled.cause }));
    this.start(started, request, {
      message: (message) => reader.take(message),
      ended: (failure) => {
        if (failure?.code === "DEADLINE_EXCEEDED") reader.abort(failure);
        else reader.close(failure === undefined ? undefined : { error: failure });
      },
    });
    grpc.startRead();
    return reader;
  }

  close(): void {
    this.closed = true;
    this.connection.close();
  }

  private open(call: OutgoingCall, request: unknown): Started {
    if (this.closed) throw transportError("UNAVAILABLE", { detail: "the channel is closed" });
    // What can not be encoded must not leave a call behind, which would wait for its deadline.
    const bytes = call.method.requestStream ? undefined : encoded(call, request);
    const grpc = this.connection.channel().createCall(call.path, call.deadline, null, null, null);
    const canceller = new Canceller(grpc, call.signal);
    return { call, bytes, grpc, canceller, observation: this.observer?.called(call.path) };
  }

  /** Sends the request and routes what comes back; grpc-js gives the status only after every message before it was taken. */
  private start(
    started: Started,
    request: unknown,
    answer: { message(bytes: Buffer): void; ended(failure: RpcError | undefined): void },
  ): void {
    const { call, bytes, grpc, canceller, observation } = started;
    const sending = bytes === undefined ? requestPump(started, request) : undefined;
    grpc.start(this.metadataOf(call, observation), {
      onReceiveMetadata: () => {},
      onReceiveMessage: answer.message,
      onReceiveStatus: (status: CallStatus) => {
        sending?.stop();
        canceller.unlink();
        const failure = status.code === statusCodes.OK ? undefined : this.errorFrom(status, call, canceller);
        observation?.end(failure?.status ?? "OK", failure);
        answer.ended(failure);
      },
    });
    canceller.link();
    if (bytes === undefined) {
      sending?.start();
    } else {
      grpc.sendMessageWithContext({}, bytes);
      grpc.halfClose();
    }
  }

  private errorFrom(status: CallStatus, call: OutgoingCall, canceller: Canceller): RpcError {
    const expired = this.clock.now() >= call.deadline;
    return rpcErrorFromGrpc(status, { path: call.path, cancelled: canceller.cancelled, expired });
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

/**
 * A server may answer before the request stream has ended. grpc-js then lets a write that is already on its way overwrite the OK
 * it has received; it says so in these words only after the server has ended the call.
 */
function isWriteAfterAnswer(failure: RpcError): boolean {
  return failure.detail === "Write error: write after end";
}

function encoded(call: OutgoingCall, request: unknown): Buffer {
  return asBuffer(encodeMessage(call.method.requestType, request, transportBytesMax));
}

/** Sends a request stream; when it fails, the call is given up with what it threw as cause. */
function requestPump({ call, grpc, canceller }: Started, request: unknown): { start(): void; stop(): void } {
  const iterator = (request as AsyncIterable<unknown>)[Symbol.asyncIterator]();
  const pump = new MessagePump({
    source: {
      next: async () => {
        const result = await iterator.next();
        return result.done === true ? { done: true, value: undefined } : { value: encoded(call, result.value) };
      },
    },
    write: (message, done) => grpc.sendMessageWithContext({ callback: done }, message),
    // grpc-js takes one message at a time.
    unwrittenMax: 1,
    ended: (failure) => {
      if (failure === undefined) grpc.halfClose();
      else canceller.cancel({ cause: failure.error });
    },
  });
  return {
    start: () => pump.pull(),
    stop: () => {
      pump.stop();
      iterator.return?.().catch(() => {});
    },
  };
}

/** Gives one call up, at most once, and remembers why. */
class Canceller {
  cancelled: Cancellation | undefined;
  onCancel: ((cancelled: Cancellation) => void) | undefined;
  private readonly call: GrpcCall;
  private readonly signal: AbortSignal | undefined;

  constructor(call: GrpcCall, signal: AbortSignal | undefined) {
    this.call = call;
    this.signal = signal;
  }

  link(): void {
    this.signal?.addEventListener("abort", this.onAbort);
  }

  unlink(): void {
    this.signal?.removeEventListener("abort", this.onAbort);
  }

  cancel(why: Cancellation): void {
    if (this.cancelled !== undefined) return;
    this.cancelled = why;
    this.leave();
    this.onCancel?.(why);
  }

  /** Nobody reads the answer any more. */
  leave(): void {
    this.call.cancelWithStatus(statusCodes.CANCELLED, "cancelled by the caller");
  }

  private readonly onAbort = (): void => this.cancel({ cause: this.signal?.reason });
}

function channelOptions(options: GrpcChannelOptions): ChannelOptions {
  const { security, address } = options;
  return {
    // grpc-js names the host to the server, and an IP address must not be named; the certificate is checked for the service either way.
    ...(security.kind === "mtls" && isByIp(address) ? { "grpc.ssl_target_name_override": security.server } : {}),
    "grpc.service_config": serviceConfig(options.definitions),
    "grpc.service_config_disable_resolution": 1,
    "grpc.keepalive_time_ms": options.keepaliveMs ?? 30_000,
    "grpc.keepalive_timeout_ms": 10_000,
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 5_000,
    // grpc-js waits 30 s between two look-ups of a name; where every replica was replaced, no call would find one for so long.
    "grpc.dns_min_time_between_resolutions_ms": 1_000,
    "grpc.max_receive_message_length": transportBytesMax,
    "grpc.max_send_message_length": transportBytesMax,
    "grpc-node.flow_control_window": flowControlWindowBytes,
    "grpc.enable_channelz": 0,
    "grpc.use_local_subchannel_pool": 1,
  };
}
