import { bindService, type ServiceBinding } from "./binding.ts";
import {
  type HealthCheckResponse,
  HealthCheckResponse_ServingStatus,
  HealthDefinition,
} from "./gen/grpc/health/v1/health.ts";
import { RpcError } from "./rpc-error.ts";

/** Whether a service serves; undefined for one that is not here. The empty name asks for the whole server. */
export type ServingState = (service: string) => boolean | undefined;

/** The standard health service over a state that is asked for every time. */
export function createHealthService(state: ServingState, options: { watchIntervalMs?: number } = {}): ServiceBinding {
  const { SERVING, NOT_SERVING, SERVICE_UNKNOWN } = HealthCheckResponse_ServingStatus;
  const statusOf = (service: string): HealthCheckResponse => {
    const serving = state(service);
    return { status: serving === undefined ? SERVICE_UNKNOWN : serving ? SERVING : NOT_SERVING };
  };
  return bindService({
    definition: HealthDefinition,
    callers: "any",
    faults: { SERVICE_UNKNOWN: "NOT_FOUND" },
    handlers: {
      check: async ({ service }) => {
        const answer = statusOf(service);
        if (answer.status !== SERVICE_UNKNOWN) return answer;
        throw new RpcError("SERVICE_UNKNOWN", { status: "NOT_FOUND", facts: { service } });
      },
      watch: ({ service }, { signal }) => changes(() => statusOf(service), options.watchIntervalMs ?? 1_000, signal),
    },
  });
}

async function* changes(
  read: () => HealthCheckResponse,
  intervalMs: number,
  signal: AbortSignal,
): AsyncGenerator<HealthCheckResponse> {
  let last: HealthCheckResponse["status"] | undefined;
  while (!signal.aborted) {
    const answer = read();
    if (answer.status !== last) {
      last = answer.status;
      yield answer;
    }
    await pause(intervalMs, signal);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}
