import { writeFile } from "node:fs/promises";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { waitFor } from "@koinon/testkit/wait-for";
import { kubectl, type Pod, podNamed } from "./kubernetes.ts";

const name = "second";

/** Runs a pod like this one on the same volumes beside it, as Kubernetes never would, and answers its last words. */
export async function lastWordsOfSecond(podName: string, place: string): Promise<string> {
  const text = await kubectl("get", "pod", podName, "--namespace", place, "--output", "json");
  const { spec: whole } = JSON.parse(text) as { spec: Record<string, unknown> };
  const { hostname: _, subdomain: __, ...spec } = whole;
  const remove = () => kubectl("delete", "pod", name, "--namespace", place, "--ignore-not-found");
  await remove();
  await create({
    ...{ apiVersion: "v1", kind: "Pod", metadata: { name, namespace: place } },
    spec: { ...spec, restartPolicy: "Never" },
  });
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

async function create(object: object): Promise<void> {
  const folder = await temporaryFolder("koinon-object-");
  try {
    const file = `${folder.path}/object.json`;
    await writeFile(file, JSON.stringify(object));
    await kubectl("create", "--filename", file);
  } finally {
    await folder.remove();
  }
}
