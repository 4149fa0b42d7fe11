import { connectivityState, type Channel as GrpcJsChannel } from "@grpc/grpc-js";

export interface GrpcConnectionOptions {
  /** How long a connection may take before it is begun anew, in milliseconds; doubles each time, until one comes about. */
  readonly connectMs: number;
}

const doublingsMax = 3;

/**
 * The grpc-js channel behind ours. It bounds what grpc-js does not: an attempt to connect to an address where packets vanish, such as that
 * of a pod that has gone, would hold every call for the two minutes that TCP tries. A channel that is still connecting by then is replaced
 * by a new one, which looks the name up again; calls that wait for it fail as UNAVAILABLE, those on older connections go on.
 */
export class GrpcConnection {
  private readonly connectMs: number;
  private readonly open: () => GrpcJsChannel;
  private current: GrpcJsChannel;
  private timer: NodeJS.Timeout | undefined;
  private doublings = 0;

  constructor(options: GrpcConnectionOptions, dependencies: { open(): GrpcJsChannel }) {
    this.connectMs = options.connectMs;
    this.open = dependencies.open;
    this.current = this.open();
  }

  /** The channel for a call that is made now. */
  channel(): GrpcJsChannel {
    if (this.current.getConnectivityState(false) !== connectivityState.READY) {
      this.timer ??= setTimeout(this.check, this.connectMs * 2 ** this.doublings).unref();
    } else if (this.timer !== undefined) {
      clearTimeout(this.timer);
      this.timer = undefined;
      this.doublings = 0;
    }
    return this.current;
  }

  close(): void {
    clearTimeout(this.timer);
    this.current.close();
  }

  private readonly check = (): void => {
    this.timer = undefined;
    // What has failed is tried again by grpc-js, after looking the name up.
    if (this.current.getConnectivityState(false) !== connectivityState.CONNECTING) return;
    this.doublings = Math.min(this.doublings + 1, doublingsMax);
    const stale = this.current;
    this.current = this.open();
    stale.close();
  };
}
