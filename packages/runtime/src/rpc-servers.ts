import { readFileSync } from "node:fs";
import type { CertificateSource } from "@koinon/rpc/certificate-files";
import { DescriptorFiles } from "@koinon/rpc/descriptor-files";
import { Dispatcher, type DispatcherDependencies } from "@koinon/rpc/dispatcher";
import { HealthDefinition } from "@koinon/rpc/gen/grpc/health/v1/health";
import { GrpcServer, type ServerSecurity } from "@koinon/rpc/grpc-server";
import { createHealthService, type ServingState } from "@koinon/rpc/health-service";
import { createReflectionService } from "@koinon/rpc/reflection-service";
import { HostError } from "./host-error.ts";

export interface RpcServersOptions {
  readonly listen: readonly string[];
  readonly certificates: CertificateSource | undefined;
  readonly plaintextLoopback: boolean;
  readonly connectionAgeMs: number;
}

/** The gRPC servers of a process: mutual TLS on the network, plaintext on unix sockets, the same services on both. */
export class RpcServers {
  readonly addresses: string[] = [];
  private readonly options: RpcServersOptions;
  private readonly deps: DispatcherDependencies & { readonly serving: ServingState };
  private readonly servers: GrpcServer[] = [];

  constructor(options: RpcServersOptions, deps: DispatcherDependencies & { readonly serving: ServingState }) {
    this.options = options;
    this.deps = deps;
  }

  /** Serves the dispatchers, and health beside them, on every address. */
  async listen(dispatchers: readonly Dispatcher[]): Promise<void> {
    const { listen, certificates, plaintextLoopback } = this.options;
    const plaintext: ServerSecurity = { kind: "plaintext", loopback: plaintextLoopback };
    const network: ServerSecurity = certificates === undefined ? plaintext : { kind: "mtls", certificates };
    await this.serve(
      network,
      listen.filter((address) => !address.startsWith("unix:")),
      dispatchers,
    );
    await this.serve(
      plaintext,
      listen.filter((address) => address.startsWith("unix:")),
      dispatchers,
    );
  }

  /** Takes no new calls and waits for running ones; those left when the signal aborts are cut short. */
  async stop(signal: AbortSignal): Promise<void> {
    await Promise.all(this.servers.splice(0).map((server) => server.stop(signal)));
  }

  private async serve(
    security: ServerSecurity,
    addresses: readonly string[],
    dispatchers: readonly Dispatcher[],
  ): Promise<void> {
    if (addresses.length === 0) return;
    assertServedOnce(dispatchers);
    const server = new GrpcServer(
      { security, connectionAgeMs: this.options.connectionAgeMs },
      { clock: this.deps.clock },
    );
    this.servers.push(server);
    for (const dispatcher of dispatchers) server.add(dispatcher);
    server.add(new Dispatcher(createHealthService(this.deps.serving), this.deps));
    const names = dispatchers.map(({ binding }) => binding.definition.fullName);
    const services = [...names, HealthDefinition.fullName];
    server.add(new Dispatcher(createReflectionService(loadDescriptors, services), this.deps));
    for (const address of addresses) this.addresses.push(await server.listen(address));
  }
}

/** What the builds of the contracts and of the standard services left beside their code. */
function loadDescriptors(): DescriptorFiles {
  const sets = ["@koinon/contracts/descriptors.binpb", "@koinon/rpc/descriptors.binpb"];
  return new DescriptorFiles(sets.map((set) => readFileSync(new URL(import.meta.resolve(set)))));
}

function assertServedOnce(dispatchers: readonly Dispatcher[]): void {
  const seen = new Set<string>();
  for (const { binding } of dispatchers) {
    const service = binding.definition.fullName;
    if (seen.has(service)) throw new HostError({ code: "SERVICE_SERVED_TWICE", service });
    seen.add(service);
  }
}
