import {
  context,
  type Span,
  SpanKind,
  SpanStatusCode,
  type TextMapPropagator,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import type { RpcObserver } from "./observer.ts";
import type { RpcError } from "./rpc-error.ts";
import type { Status } from "./status.ts";

/** A span per call on both sides; the trace travels in request metadata as the propagator writes it. */
export function createRpcTracing(tracer: Tracer, propagator: TextMapPropagator): RpcObserver {
  return {
    served: (path, metadata) => {
      const parent = propagator.extract(context.active(), metadata, {
        get: (carrier, key) => carrier.get(key),
        keys: (carrier) => [...carrier.keys()],
      });
      const span = tracer.startSpan(nameOf(path), { kind: SpanKind.SERVER, attributes: attributesOf(path) }, parent);
      const scope = trace.setSpan(parent, span);
      return { run: (work) => context.with(scope, work), end: (status, error) => endSpan(span, status, error) };
    },
    called: (path) => {
      const span = tracer.startSpan(nameOf(path), { kind: SpanKind.CLIENT, attributes: attributesOf(path) });
      const metadata: Record<string, string> = {};
      propagator.inject(trace.setSpan(context.active(), span), metadata, {
        set: (carrier, key, value) => {
          carrier[key] = value;
        },
      });
      return { metadata, end: (status, error) => endSpan(span, status, error) };
    },
  };
}

function endSpan(span: Span, status: Status, error: RpcError | undefined): void {
  span.setAttribute("rpc.response.status_code", status);
  if (error !== undefined) {
    span.setAttribute("error.type", error.code);
    span.setStatus({ code: SpanStatusCode.ERROR, message: error.code });
  }
  span.end();
}

function nameOf(path: string): string {
  return path.slice(1);
}

function attributesOf(path: string): Record<string, string> {
  return { "rpc.system.name": "grpc", "rpc.method": nameOf(path) };
}
