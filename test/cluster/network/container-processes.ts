import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import type { Pod } from "./kubernetes.ts";

const run = promisify(execFile);

/** Processes of a pod's container, as this machine numbers them. The cluster's cgroups name exactly these. */
export async function processesOf(pod: Pod, container: string): Promise<readonly number[]> {
  const status = [...(pod.status.containerStatuses ?? []), ...(pod.status.initContainerStatuses ?? [])].find(
    ({ name }) => name === container,
  );
  const id = status?.containerID?.replace(/^.*:\/\//, "");
  if (id === undefined) throw new Error(`${pod.metadata.name} has no running container ${container}`);
  const search = ["/sys/fs/cgroup", "-path", `*koinon-cluster*${id}*`, "-name", "cgroup.procs"];
  const files = (await run("find", search)).stdout.split("\n").filter(Boolean);
  const lines = (await Promise.all(files.map((file) => readFile(file, "utf8")))).join("\n").split(/\s+/);
  return [...new Set(lines.filter(Boolean))].map(Number);
}
