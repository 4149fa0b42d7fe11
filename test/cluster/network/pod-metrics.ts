import type { Pod } from "./kubernetes.ts";

const counters: Readonly<Record<string, RegExp>> = {
  gateway: /^gateway_inference_duration_seconds_count\{.*\} (\d+)/gm,
  market: /^rpc_server_duration_seconds_count\{.*rpc_method="Infer".*\} (\d+)/gm,
  poi: /^rpc_server_duration_seconds_count\{.*\} (\d+)/gm,
};

/** Requests that a pod has answered, by its own count. */
export async function answered(pod: Pod, service: string): Promise<number> {
  const text = await (await fetch(`http://${pod.status.podIP}:9090/metrics`)).text();
  return [...text.matchAll(counters[service] as RegExp)].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** The value of a series without labels of its own, as the pod tells it now; undefined when it has none. */
export async function gauge(pod: Pod, name: string): Promise<number | undefined> {
  const text = await (await fetch(`http://${pod.status.podIP}:9090/metrics`)).text();
  const [, value] = new RegExp(`^${name}(?:\\{.*\\})? (\\S+)`, "m").exec(text) ?? [];
  return value === undefined ? undefined : Number(value);
}
