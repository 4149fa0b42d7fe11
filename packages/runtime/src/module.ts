import type { Bus, Durable } from "@koinon/bus/bus";
import type { ServiceBinding } from "@koinon/rpc/binding";
import type { ServiceDefinition } from "@koinon/rpc/definition";
import type { Client } from "@koinon/rpc/handler";
import type { Meter, Tracer } from "@opentelemetry/api";
import type { Clock } from "./clock.ts";
import type { ConfigDeclaration } from "./config.ts";
import type { Health } from "./health.ts";
import type { Logger } from "./logger.ts";
import type { Random } from "./random.ts";

/** A part of the system that runs in any process, alone or with others. */
export interface Module {
  /** Names the instance in logs and health. */
  readonly name: string;
  /** What it serves; complete when `create` has answered. */
  readonly services: readonly ServiceBinding[];
  /** Makes it work; it serves calls when this has resolved. */
  start(signal: AbortSignal): Promise<void>;
  /** The process is about to end: still serves, and sends clients that would come back elsewhere. Absent where there are none. */
  turnAway?(): void;
  /** Stops taking work from queues and timers; calls still under way keep everything they need. Absent when there is nothing to stop. */
  quiesce?(signal: AbortSignal): Promise<void>;
  /** The mirror image of start; no call is under way any more. */
  stop(signal: AbortSignal): Promise<void>;
  health(): Health;
}

/** A service that a module calls. */
export interface Requirement {
  readonly definition: ServiceDefinition;
  /** The service that provides it: names the address key (`MARKET_ADDRESS` for `market`) and the certificate to expect. */
  readonly from: string;
  readonly optional: boolean;
}

/** How to make a module: what it needs and what it gives, known from its settings before anything is created. */
export interface ModuleDefinition<C> {
  readonly name: string;
  readonly config: ConfigDeclaration<C>;
  /** Everything that it may serve. */
  readonly provides: readonly ServiceDefinition[];
  /** Of `provides`, what it serves under these settings; all of it when absent. */
  provided?(config: C): readonly ServiceDefinition[];
  readonly requires: readonly Requirement[];
  /** The events that it consumes; absent where there are none, and where it does without those published before it starts. */
  readonly consumes?: readonly Durable[];
  create(config: C, deps: ModuleDependencies): Promise<Module>;
}

/** A client of one server chosen at run time. */
export interface Connection<D extends ServiceDefinition> {
  readonly client: Client<D>;
  close(): void;
}

/** What a module gets from its host. */
export interface ModuleDependencies {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly meter: Meter;
  readonly tracer: Tracer;
  readonly bus: Bus;
  /** The client of a mandatory requirement. */
  client<D extends ServiceDefinition>(definition: D): Client<D>;
  /** The client of an optional requirement; undefined when nobody provides it. */
  optionalClient<D extends ServiceDefinition>(definition: D): Client<D> | undefined;
  /**
   * A client of a server whose address is data, not configuration: `local:<instance>` in the same process, else an address as
   * in `<SERVICE>_ADDRESS`, whose certificate must name `server`.
   */
  connect<D extends ServiceDefinition>(definition: D, target: { address: string; server: string }): Connection<D>;
  /** Reports that the module can not go on; the process shuts down in order and exits with a failure. */
  fail(error: unknown): void;
}
