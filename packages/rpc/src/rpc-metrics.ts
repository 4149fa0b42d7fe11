import type { Attributes, Meter } from "@opentelemetry/api";
import type { RpcObserver } from "./observer.ts";
import type { Status } from "./status.ts";

// From a call within the process (tens of microseconds) to a long stream; each step about a factor of two to two and a half.
const durationBuckets = [
  0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
];

/** Counts and times calls on both sides, by service, method and status. `monotonicMs` measures. */
export function createRpcMetrics(meter: Meter, monotonicMs: () => number): RpcObserver {
  const duration = (side: "server" | "client") =>
    meter.createHistogram(`rpc.${side}.duration`, {
      description: `Seconds from the start to the end of a call, as its ${side} sees it.`,
      unit: "s",
      advice: { explicitBucketBoundaries: durationBuckets },
    });
  const serverDuration = duration("server");
  const clientDuration = duration("client");
  const active = meter.createUpDownCounter("rpc.server.active_calls", { description: "Calls being handled now." });
  const labels = new Map<string, Labels>();
  const labelsOf = (path: string): Labels => {
    let known = labels.get(path);
    if (known === undefined) {
      known = new Labels(path);
      labels.set(path, known);
    }
    return known;
  };
  return {
    served: (path) => {
      const known = labelsOf(path);
      const startedMs = monotonicMs();
      active.add(1, known.method);
      return {
        end: (status) => {
          active.add(-1, known.method);
          serverDuration.record((monotonicMs() - startedMs) / 1000, known.withStatus(status));
        },
      };
    },
    called: (path) => {
      const known = labelsOf(path);
      const startedMs = monotonicMs();
      return {
        metadata: {},
        end: (status) => clientDuration.record((monotonicMs() - startedMs) / 1000, known.withStatus(status)),
      };
    },
  };
}

/** The label sets of one method, made once: there are as many as methods times statuses. */
class Labels {
  readonly method: Attributes;
  private readonly byStatus = new Map<Status, Attributes>();

  constructor(path: string) {
    const [, service = "", method = ""] = path.split("/");
    this.method = { "rpc.service": service, "rpc.method": method };
  }

  withStatus(status: Status): Attributes {
    let attributes = this.byStatus.get(status);
    if (attributes === undefined) {
      attributes = { ...this.method, "rpc.status": status };
      this.byStatus.set(status, attributes);
    }
    return attributes;
  }
}
