import type { Bus, Durable } from "@koinon/bus/bus";
import { invariant } from "@koinon/errors/invariant";
import type { CertificateFiles } from "@koinon/rpc/certificate-files";
import { createClient } from "@koinon/rpc/client";
import type { ServiceDefinition } from "@koinon/rpc/definition";
import type { Dispatcher } from "@koinon/rpc/dispatcher";
import type { Client } from "@koinon/rpc/handler";
import { LocalServices } from "@koinon/rpc/in-process";
import { certificateProblem, certificateSettingsProblems, observeExpiry, readCertificates } from "./certificates.ts";
import type { Clock } from "./clock.ts";
import { ConfigReader, type ConfigSource } from "./config.ts";
import type { Health, HealthPart } from "./health.ts";
import { addressConfig, type HostConfig, hostConfig } from "./host-config.ts";
import { HostError } from "./host-error.ts";
import type { Logger } from "./logger.ts";
import type { Connection, Module, ModuleDefinition, ModuleDependencies } from "./module.ts";
import { natsSettingsProblems } from "./nats-settings.ts";
import type { Random } from "./random.ts";
import { RemoteChannels } from "./remote-channels.ts";
import { localAddress, resolveParts, type Wiring } from "./resolution.ts";
import { RpcServers } from "./rpc-servers.ts";
import type { Phase } from "./shutdown.ts";
import type { Telemetry } from "./telemetry.ts";

/** A module to run. Several instances of one definition need names, and environments of their own. */
export interface ModuleInstance {
  readonly definition: ModuleDefinition<unknown>;
  readonly instance?: string;
  readonly env?: ConfigSource["env"];
}

/** The configuration of a process: read before anything else is made. */
export interface HostPlan {
  readonly config: HostConfig;
  readonly wiring: Wiring;
  readonly parts: readonly PlannedPart[];
}

interface PlannedPart {
  readonly instance: string;
  readonly definition: ModuleDefinition<unknown>;
  readonly config: unknown;
  /** What it serves under its settings. */
  readonly provides: readonly ServiceDefinition[];
}

export interface HostDependencies {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly telemetry: Telemetry;
  readonly bus: Bus;
  /** The process's identity, which the host closes; read from the configured files when absent. */
  readonly certificates?: CertificateFiles | undefined;
}

/** Whether a process should get work, and what its parts say. */
export interface HostHealth {
  readonly ready: boolean;
  readonly modules: Readonly<Record<string, Health>>;
  /** Of processes that have an identity. */
  readonly certificates?: Omit<HealthPart, "name">;
}

interface Running extends PlannedPart {
  readonly local: LocalServices;
  readonly dispatchers: Dispatcher[];
  module: Module | undefined;
  started: boolean;
}

/** Reads all configuration and wires the modules; throws one ConfigError that lists everything that is wrong. */
export function planHost(modules: readonly ModuleInstance[], source: ConfigSource): HostPlan {
  const reader = new ConfigReader(source);
  const config = reader.read("host", hostConfig);
  const requires = modules.flatMap(({ definition }) => definition.requires);
  const addresses = reader.read("addresses", addressConfig(requires));
  const parts = modules.map(({ definition, instance = definition.name, env }) => {
    const config = reader.read(instance, definition.config, env);
    // Settings that are wrong are told together with a wiring that counts on everything.
    const provides = (reader.isClean ? definition.provided?.(config) : undefined) ?? definition.provides;
    return { instance, definition, config, provides };
  });
  const wiring = resolveParts(
    parts.map(({ instance, definition: { requires }, provides }) => ({ instance, provides, requires })),
    addresses,
    (text) => reader.problem(text),
  );
  if (reader.isClean) {
    const problems = [...certificateSettingsProblems(config), ...natsSettingsProblems(config)];
    for (const problem of problems) reader.problem(problem);
  }
  reader.finish();
  return { config, wiring, parts };
}

/** What the modules of a process consume, for the bus that they share. */
export function durablesOf({ parts }: HostPlan): readonly Durable[] {
  return parts.flatMap(({ definition }) => definition.consumes ?? []);
}

/** Runs modules in one process: creates them, connects them, starts them in order, and takes them down in reverse. */
export class Host {
  /** Rejects never; resolves with the first failure after which the process can not go on. */
  readonly failed: Promise<unknown>;
  private readonly plan: HostPlan;
  private readonly deps: HostDependencies;
  private readonly parts: readonly Running[];
  private readonly channels: RemoteChannels;
  private readonly certificates: CertificateFiles | undefined;
  private readonly servers: RpcServers;
  private readonly fail: (error: unknown) => void;
  private stopObserving: () => void = () => undefined;
  private ready = false;

  constructor(plan: HostPlan, deps: HostDependencies) {
    this.plan = plan;
    this.deps = deps;
    const { promise, resolve } = Promise.withResolvers<unknown>();
    this.failed = promise;
    this.fail = resolve;
    this.certificates = deps.certificates ?? readCertificates(plan, deps);
    if (this.certificates !== undefined) {
      this.stopObserving = observeExpiry(this.certificates, deps.telemetry.meter("@koinon/runtime"));
    }
    const { plaintextLoopback, listen, connectionAgeMs } = plan.config;
    const observer = deps.telemetry.rpcObserver;
    this.channels = new RemoteChannels(
      { certificates: this.certificates, plaintextLoopback },
      { clock: deps.clock, ...(observer === undefined ? {} : { observer }) },
    );
    const dispatch = {
      clock: deps.clock,
      onBug: (error: unknown, method: string) => this.onBug(error, method),
      ...(observer === undefined ? {} : { observer }),
    };
    this.parts = plan.wiring.startOrder.map((instance) => {
      const part = plan.parts.find((candidate) => candidate.instance === instance);
      invariant(part !== undefined, "the start order names planned parts");
      return { ...part, local: new LocalServices(dispatch), dispatchers: [], module: undefined, started: false };
    });
    this.servers = new RpcServers(
      { listen, certificates: this.certificates, plaintextLoopback, connectionAgeMs },
      { ...dispatch, serving: (service) => this.isServing(service) },
    );
  }

  /** Addresses that gRPC is served on, with the ports that were bound. */
  get rpcAddresses(): readonly string[] {
    return this.servers.addresses;
  }

  /** Creates and starts every module; what was started is stopped again when one fails. */
  async start(signal: AbortSignal): Promise<void> {
    try {
      for (const part of this.parts) await this.createPart(part);
      for (const part of this.parts) await this.startPart(part, signal);
      await this.servers.listen(this.servedDispatchers());
      this.ready = true;
    } catch (error) {
      if (signal.aborted) this.deps.log.info({}, "start broken off");
      else this.deps.log.error({ err: error }, "start failed");
      for (const phase of this.shutdownPhases()) await phase.run(AbortSignal.abort()).catch(() => {});
      throw error;
    }
  }

  /** Whether every module serves and peers believe who this is, and what each part says about itself. */
  health(): HostHealth {
    const modules: Record<string, Health> = {};
    for (const { instance, module } of this.parts) if (module !== undefined) modules[instance] = module.health();
    const serving = this.ready && Object.values(modules).every((health) => health.status !== "not-serving");
    if (this.certificates === undefined) return { ready: serving, modules };
    const certificates = certificateProblem(this.certificates);
    return { ready: serving && this.certificates.lapsed === undefined, modules, certificates };
  }

  /** The steps that take the modules down, callers before those they call. */
  shutdownPhases(): readonly Phase[] {
    const { shutdownDelayMs, shutdownDrainMs } = this.plan.config;
    const downwards = [...this.parts].reverse();
    return [
      { name: "not ready", timeoutMs: 1_000, run: async () => this.turnAway() },
      { name: "wait", timeoutMs: shutdownDelayMs + 1_000, run: (signal) => pause(shutdownDelayMs, signal) },
      {
        name: "stop pulling",
        timeoutMs: shutdownDrainMs,
        run: (signal) => eachInTurn(downwards, async (part) => await startedModule(part)?.quiesce?.(signal)),
      },
      {
        name: "drain calls",
        timeoutMs: shutdownDrainMs,
        run: async (signal) => {
          await this.servers.stop(signal);
          await eachInTurn(downwards, (part) => drainAll(part.dispatchers, signal));
        },
      },
      {
        name: "stop modules",
        timeoutMs: 10_000,
        run: (signal) =>
          eachInTurn(downwards, async (part) => {
            const module = startedModule(part);
            part.started = false;
            await module?.stop(signal);
          }),
      },
      { name: "close connections", timeoutMs: 1_000, run: async () => this.close() },
    ];
  }

  /** A service that several instances provide has no single address here; callers name the instance, in process. */
  private servedDispatchers(): Dispatcher[] {
    const provided = this.parts.flatMap((part) => part.provides.map(({ fullName }) => fullName));
    const severalTimes = new Set(provided.filter((name, at) => provided.indexOf(name) !== at));
    const single = this.parts.filter(({ provides }) => !provides.some(({ fullName }) => severalTimes.has(fullName)));
    return single.flatMap((part) => part.dispatchers);
  }

  private turnAway(): void {
    this.ready = false;
    for (const part of this.parts) startedModule(part)?.turnAway?.();
  }

  private close(): void {
    this.channels.close();
    this.stopObserving();
    this.certificates?.close();
  }

  private async createPart(part: Running): Promise<void> {
    const module = await part.definition.create(part.config, this.dependenciesOf(part));
    part.module = module;
    const provided = new Set(part.provides.map((definition) => definition.fullName));
    for (const binding of module.services) {
      invariant(
        provided.delete(binding.definition.fullName),
        `${part.instance} declares ${binding.definition.fullName}`,
      );
      const dispatcher = part.local.add(binding);
      dispatcher.refuse("UNAVAILABLE");
      part.dispatchers.push(dispatcher);
    }
    invariant(provided.size === 0, `${part.instance} serves ${[...provided].join(", ")}, as it declares`);
  }

  private async startPart(part: Running, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    // Set before the attempt, so that a module that fails half way can let go of what it holds.
    part.started = true;
    try {
      await part.module?.start(signal);
    } catch (error) {
      throw new HostError(
        { code: "MODULE_START_FAILED", module: part.instance, reason: messageOf(error) },
        { cause: error },
      );
    }
    for (const dispatcher of part.dispatchers) dispatcher.accept();
    this.deps.log.info({ module: part.instance }, "module started");
  }

  private dependenciesOf(part: Running): ModuleDependencies {
    const { clock, random, bus, telemetry } = this.deps;
    const name = part.definition.name;
    return {
      clock,
      random,
      bus,
      log: this.deps.log.child({ module: part.instance }),
      meter: telemetry.meter(name),
      tracer: telemetry.tracer(name),
      client: (definition) => {
        const client = this.clientOf(part, definition);
        invariant(client !== undefined, `${name} declares ${definition.fullName} as a mandatory requirement`);
        return client;
      },
      optionalClient: (definition) => this.clientOf(part, definition),
      connect: (definition, target) => this.connect(part, definition, target),
      fail: (error) => {
        this.deps.log.error({ module: part.instance, err: error }, "module failed");
        this.fail(error);
      },
    };
  }

  private clientOf<D extends ServiceDefinition>(part: Running, definition: D): Client<D> | undefined {
    const resolution = this.plan.wiring.resolve(part.instance, definition.fullName);
    invariant(resolution !== undefined, `${part.instance} declares that it requires ${definition.fullName}`);
    switch (resolution.kind) {
      case "absent":
        return undefined;
      case "local":
        return this.connect(part, definition, { address: `${localAddress}${resolution.instance}`, server: "" }).client;
      case "remote": {
        const definitions = part.definition.requires
          .filter((requirement) => requirement.from === resolution.server)
          .map((requirement) => requirement.definition);
        return this.connect(part, definition, resolution, definitions).client;
      }
    }
  }

  private connect<D extends ServiceDefinition>(
    part: Running,
    definition: D,
    target: { address: string; server: string },
    definitions: readonly ServiceDefinition[] = [definition],
  ): Connection<D> {
    const { clock } = this.deps;
    const caller = part.definition.name;
    if (target.address.startsWith(localAddress)) {
      const instance = target.address.slice(localAddress.length);
      const provider = this.parts.find((candidate) => candidate.instance === instance);
      if (provider === undefined) throw new HostError({ code: "NO_SUCH_MODULE", module: instance });
      return { client: createClient(definition, provider.local.channel(caller), {}, { clock }), close: () => {} };
    }
    const { channel, release } = this.channels.acquire({ ...target, caller, definitions });
    return { client: createClient(definition, channel, {}, { clock }), close: release };
  }

  private isServing(service: string): boolean | undefined {
    if (service === "") return this.health().ready;
    const part = this.parts.find((candidate) =>
      candidate.provides.some((definition) => definition.fullName === service),
    );
    if (part === undefined) return undefined;
    return this.ready && part.module !== undefined && part.module.health().status !== "not-serving";
  }

  private onBug(error: unknown, method: string): void {
    this.deps.log.error({ err: error, method }, "handler failed without a declared fault");
    if (error instanceof Error && error.name === "InvariantViolation") this.fail(error);
  }
}

function startedModule(part: Running): Module | undefined {
  return part.started ? part.module : undefined;
}

async function eachInTurn(parts: readonly Running[], act: (part: Running) => Promise<void>): Promise<void> {
  const failures: unknown[] = [];
  for (const part of parts) await act(part).catch((error: unknown) => failures.push(error));
  if (failures.length > 0)
    throw failures.length === 1 ? failures[0] : new AggregateError(failures, "several modules failed");
}

async function drainAll(dispatchers: readonly Dispatcher[], signal: AbortSignal): Promise<void> {
  await Promise.all(dispatchers.map((dispatcher) => dispatcher.drain(signal)));
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted || ms === 0) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
