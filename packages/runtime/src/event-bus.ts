import type { Bus, BusObservation, Durable, EventScope } from "@koinon/bus/bus";
import { connectJetStreamBus } from "@koinon/bus/jetstream-bus";
import { MemoryBus } from "@koinon/bus/memory-bus";
import type { NatsAccess } from "@koinon/bus/nats-access";
import { context, defaultTextMapGetter, type Meter, SpanKind, SpanStatusCode, type Tracer } from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import type { Clock } from "./clock.ts";
import type { Logger } from "./logger.ts";

export interface BusDependencies {
  readonly clock: Clock;
  readonly log: Logger;
  readonly meter: Meter;
  readonly tracer: Tracer;
  /** Ends waiting for the bus. */
  readonly signal?: AbortSignal;
  /** Why the bus is still waited for. */
  waiting?(reason: unknown): void;
}

/** The event bus of a process: JetStream when servers are named, else the one in memory. Throws BusError CREDENTIALS_INVALID. */
export async function createBus(
  options: {
    readonly servers: readonly string[];
    readonly name: string;
    readonly prefix?: string;
    readonly replicas?: number;
    readonly access?: NatsAccess;
    /** Of the modules in this process: the bus in memory keeps what comes before they consume, as a server does. */
    readonly durables?: readonly Durable[];
  },
  deps: BusDependencies,
): Promise<Bus> {
  const observe = createObserver(deps);
  const scope = createScope(deps.tracer);
  if (options.servers.length === 0) {
    const { durables = [] } = options;
    return new MemoryBus({ durables }, { clock: deps.clock, observe, scope });
  }
  const { servers, name, prefix, replicas, access = {} } = options;
  const limits = replicas === undefined ? {} : { replicas };
  const { signal } = deps;
  return await connectJetStreamBus(
    { servers, name, access, limits, ...(prefix === undefined ? {} : { prefix }) },
    { observe, scope, ...(signal === undefined ? {} : { signal }) },
  );
}

function createObserver({ log, meter, waiting }: BusDependencies): (observation: BusObservation) => void {
  const deliveries = meter.createCounter("bus.deliveries", {
    description: "Events handled, failed and dead-lettered, by consumer.",
  });
  return (observation) => {
    if (!("durable" in observation)) {
      if (observation.kind === "waiting") {
        log.warn({ err: observation.error }, "event bus can not be reached; trying on");
        waiting?.(observation.error);
        return;
      }
      log.info({ state: observation.kind, err: observation.error }, "bus connection changed");
      return;
    }
    const { kind, durable, filter, error } = observation;
    deliveries.add(1, { outcome: kind, durable, filter });
    if (kind === "failed") log.warn({ durable, deliveries: observation.deliveries, err: error }, "event failed");
    if (kind === "dead-lettered")
      log.error({ durable, deliveries: observation.deliveries, err: error }, "event given up");
  };
}

function createScope(tracer: Tracer): EventScope {
  const propagator = new W3CTraceContextPropagator();
  return (event, durable, handle) => {
    const parent = propagator.extract(context.active(), event.headers, defaultTextMapGetter);
    const options = { kind: SpanKind.CONSUMER, attributes: { "messaging.consumer.group.name": durable } };
    return tracer.startActiveSpan(`process ${durable}`, options, parent, async (span) => {
      try {
        await handle();
      } catch (error) {
        span.setStatus({ code: SpanStatusCode.ERROR });
        throw error;
      } finally {
        span.end();
      }
    });
  };
}
