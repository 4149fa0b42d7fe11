import { waitFor } from "@koinon/testkit/wait-for";
import { kubectl, type Pod, podNamed } from "./kubernetes.ts";
import { createObjects } from "./objects.ts";

const name = "second";

/** Runs a pod like this one on the same volumes beside it, as Kubernetes never would, and answers its last words. */
export async function lastWordsOfSecond(podName: string, place: string): Promise<string> {
  const text = await kubectl("get", "pod", podName, "--namespace", place, "--output", "json");
  const { spec: whole } = JSON.parse(text) as { spec: Record<string, unknown> };
  const { hostname: _, subdomain: __, ...spec } = whole;
  const remove = () => kubectl("delete", "pod", name, "--namespace", place, "--ignore-not-found");
  await remove();
  const metadata = { name, namespace: place };
  await createObjects([{ apiVersion: "v1", kind: "Pod", metadata, spec: { ...spec, restartPolicy: "Never" } }]);
  const ended = async () => lastWords(await podNamed(name, place));
  try {
    return await waitFor(ended, { deadlineMs: 90_000, intervalMs: 250, what: "the second ends" });
  } finally {
    await remove();
  }
}

function lastWords(pod: Pod | undefined): string | undefined {
  return pod?.status.containerStatuses?.[0]?.state.terminated?.message;
}
