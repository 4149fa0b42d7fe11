import { waitFor } from "@koinon/testkit/wait-for";
import { isReady, kubectl, namespace, type Pod, podsOf, release } from "./kubernetes.ts";

/** The services that have autoscalers in these tests. */
export const autoscaledServices = ["gateway", "market"] as const;

/** Arguments of helm that give both services an autoscaler from one replica on which shrinks soon, and these values. */
export function autoscaling(values: Readonly<Record<string, string | number>>): string[] {
  const all = {
    "autoscaling.enabled": "true",
    "autoscaling.minReplicas": 1,
    "autoscaling.behavior.scaleDown.stabilizationWindowSeconds": 15,
    ...values,
  };
  return autoscaledServices.flatMap((service) =>
    Object.entries(all).flatMap(([key, value]) => ["--set", `${service}.${key}=${value}`]),
  );
}

/** What Kubernetes tells of a service's autoscaler. */
export async function describeAutoscaler(service: string): Promise<string> {
  return await kubectl("describe", "hpa", `${release}-${service}`, "--namespace", namespace);
}

/** The pods of a service that are ready. */
export async function readyPodsOf(service: string): Promise<readonly Pod[]> {
  return (await podsOf(service)).filter(isReady);
}

/** Resolves when a service has so many pods, those that start or end among them. */
export async function untilPods(service: string, count: number, deadlineMs: number): Promise<void> {
  const what = `${count} of ${service}: ${await describeAutoscaler(service)}`;
  await waitFor(async () => (await podsOf(service)).length === count, { deadlineMs, intervalMs: 1_000, what });
}

/** Resolves when a service has at least so many pods that are ready. */
export async function untilReady(service: string, count: number, deadlineMs: number): Promise<void> {
  const what = `${count} of ${service} ready: ${await describeAutoscaler(service)}`;
  await waitFor(async () => (await readyPodsOf(service)).length >= count, { deadlineMs, intervalMs: 500, what });
}
