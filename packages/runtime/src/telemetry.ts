import type { RpcObserver } from "@koinon/rpc/observer";
import { composeObservers } from "@koinon/rpc/observers";
import { createRpcMetrics } from "@koinon/rpc/rpc-metrics";
import { createRpcTracing } from "@koinon/rpc/rpc-tracing";
import { context, createNoopMeter, type Meter, type Tracer, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { PrometheusExporter, PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { MeterProvider, type MetricData, type ResourceMetrics } from "@opentelemetry/sdk-metrics";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";

/** Where measurements and spans of one process go. */
export interface Telemetry {
  meter(name: string): Meter;
  tracer(name: string): Tracer;
  /** Records every call on both sides. Undefined when neither metrics nor traces are on. */
  readonly rpcObserver: RpcObserver | undefined;
  /** Every metric in the Prometheus text format. */
  metricsText(): Promise<string>;
  flush(): Promise<void>;
  close(): Promise<void>;
}

export interface TelemetryOptions {
  /** OpenTelemetry's service.name. */
  readonly service: string;
  readonly metrics: boolean;
  /** Base URL of an OTLP/HTTP collector; absent, nothing is traced and tracing costs nothing. */
  readonly otlpEndpoint?: string | undefined;
}

/** Telemetry that does as little as its options allow. */
export function createTelemetry(options: TelemetryOptions, deps: { monotonicMs(): number }): Telemetry {
  const resource = resourceFromAttributes({ "service.name": options.service });
  const metrics = options.metrics ? createMetrics(resource) : undefined;
  const tracing = options.otlpEndpoint === undefined ? undefined : createTracing(resource, options.otlpEndpoint);
  const observers: RpcObserver[] = [];
  if (tracing !== undefined) {
    observers.push(createRpcTracing(tracing.getTracer("@koinon/rpc"), new W3CTraceContextPropagator()));
  }
  if (metrics !== undefined)
    observers.push(createRpcMetrics(metrics.provider.getMeter("@koinon/rpc"), deps.monotonicMs));
  return {
    meter: (name) => metrics?.provider.getMeter(name) ?? createNoopMeter(),
    tracer: (name) => tracing?.getTracer(name) ?? trace.getTracer(name),
    rpcObserver: composeObservers(observers),
    metricsText: async () => (metrics === undefined ? "" : await metrics.text()),
    flush: async () => await tracing?.forceFlush(),
    close: async () => {
      await Promise.all([metrics?.provider.shutdown(), tracing?.shutdown()]);
    },
  };
}

type Resource = ReturnType<typeof resourceFromAttributes>;

function createMetrics(resource: Resource): { provider: MeterProvider; text(): Promise<string> } {
  const reader = new PrometheusExporter({ preventServerStart: true });
  const serializer = new PrometheusSerializer(undefined, false, undefined, true, true);
  const provider = new MeterProvider({ resource, readers: [reader] });
  return { provider, text: async () => serializer.serialize(withUnits((await reader.collect()).resourceMetrics)) };
}

// The exporter leaves out the unit suffixes that the mapping of OpenTelemetry to Prometheus asks for.
const unitSuffixes: Readonly<Record<string, string>> = { s: "_seconds", By: "_bytes" };

function withUnits(metrics: ResourceMetrics): ResourceMetrics {
  const named = (data: MetricData): MetricData => {
    const { name, unit } = data.descriptor;
    const suffix = unitSuffixes[unit] ?? "";
    if (suffix === "" || name.endsWith(suffix)) return data;
    return { ...data, descriptor: { ...data.descriptor, name: `${name}${suffix}` } };
  };
  const scopeMetrics = metrics.scopeMetrics.map((scope) => ({ ...scope, metrics: scope.metrics.map(named) }));
  return { ...metrics, scopeMetrics };
}

function createTracing(resource: Resource, endpoint: string): TracerProvider {
  // Spans find their parents through this; without tracing the API's no-op manager costs nothing.
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, "")}/v1/traces` });
  return new TracerProvider({ resource, spanProcessors: [new BatchSpanProcessor({ exporter })] });
}
