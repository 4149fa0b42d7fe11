import type { CertificateSource } from "@koinon/rpc/certificate-files";
import type { Channel } from "@koinon/rpc/channel";
import type { ServiceDefinition } from "@koinon/rpc/definition";
import { createGrpcChannel } from "@koinon/rpc/grpc-channel";
import type { ChannelSecurity } from "@koinon/rpc/grpc-credentials";
import type { RpcObserver } from "@koinon/rpc/observer";
import type { Clock } from "./clock.ts";

export interface RemoteChannelsOptions {
  readonly certificates: CertificateSource | undefined;
  readonly plaintextLoopback: boolean;
}

/** Channels to other processes, one per address, server and service set; shared by whoever asks for the same. */
export class RemoteChannels {
  private readonly options: RemoteChannelsOptions;
  private readonly deps: { readonly clock: Clock; readonly observer?: RpcObserver };
  private readonly open = new Map<string, { channel: Channel; users: number }>();

  constructor(options: RemoteChannelsOptions, deps: { readonly clock: Clock; readonly observer?: RpcObserver }) {
    this.options = options;
    this.deps = deps;
  }

  /** A channel to `address`, whose certificate must name `server`; `release` closes it when nobody uses it any more. */
  acquire(target: { address: string; server: string; caller: string; definitions: readonly ServiceDefinition[] }): {
    channel: Channel;
    release(): void;
  } {
    const { address, server, caller, definitions } = target;
    const key = [address, server, caller, ...definitions.map((definition) => definition.fullName).sort()].join(" ");
    let entry = this.open.get(key);
    if (entry === undefined) {
      const security = this.security(address, server, caller);
      entry = { channel: createGrpcChannel({ address, security, definitions }, this.deps), users: 0 };
      this.open.set(key, entry);
    }
    const used = entry;
    used.users += 1;
    let released = false;
    const release = (): void => {
      if (released) return;
      released = true;
      used.users -= 1;
      if (used.users > 0) return;
      this.open.delete(key);
      used.channel.close();
    };
    return { channel: used.channel, release };
  }

  close(): void {
    for (const { channel } of this.open.values()) channel.close();
    this.open.clear();
  }

  private security(address: string, server: string, caller: string): ChannelSecurity {
    const { certificates, plaintextLoopback } = this.options;
    if (certificates !== undefined && !address.startsWith("unix:")) return { kind: "mtls", certificates, server };
    return { kind: "plaintext", caller, loopback: plaintextLoopback };
  }
}
