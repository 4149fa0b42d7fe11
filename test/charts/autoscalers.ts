import { layered, ofKind, profile, render } from "./manifests.ts";

interface Metric {
  readonly type: string;
  readonly pods?: { readonly metric: { readonly name: string }; readonly target: object };
}

/** What autoscalers follow beside CPU when they are told to keep so many requests in hand per pod, by their names. */
export function followedMetrics(requestsPerPod: number): Record<string, Metric["pods"]> {
  const change = { autoscaling: { requestsPerPod } };
  const manifests = render(layered(profile("ha"), { gateway: change, market: change }));
  return Object.fromEntries(
    [...ofKind(manifests, "HorizontalPodAutoscaler").values()].map(({ metadata, spec }) => {
      const { metrics } = spec as { metrics: readonly Metric[] };
      return [metadata.name, metrics.find(({ type }) => type === "Pods")?.pods];
    }),
  );
}
