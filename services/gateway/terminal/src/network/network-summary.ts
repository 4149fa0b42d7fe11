import type { Model, Provider } from "../gateway/offers.ts";

/** The network at a glance. */
export interface NetworkSummary {
  readonly healthy: number;
  readonly providers: number;
  readonly models: number;
  readonly regions: number;
  /** Requests that can be served at once, and are being served, by healthy providers. */
  readonly capacity: number;
  readonly active: number;
  /** Median over the healthy providers whose latency is known; null when none is. */
  readonly latencyMs: number | null;
}

/** Sums up what the registry lists. */
export function summarise(providers: readonly Provider[], models: readonly Model[]): NetworkSummary {
  const healthy = providers.filter(({ state }) => state === "healthy");
  const latencies = healthy.flatMap(({ latencyMs }) => (latencyMs > 0 ? [latencyMs] : [])).sort((a, b) => a - b);
  return {
    healthy: healthy.length,
    providers: providers.length,
    models: models.length,
    regions: new Set(healthy.map(({ region }) => region)).size,
    capacity: healthy.reduce((sum, { capacity }) => sum + capacity, 0),
    active: healthy.reduce((sum, { active }) => sum + active, 0),
    latencyMs: latencies[Math.floor((latencies.length - 1) / 2)] ?? null,
  };
}
