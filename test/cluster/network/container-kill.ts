import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import type { Pod } from "./kubernetes.ts";

const run = promisify(execFile);

/** kill -9 of every process of a pod's container; answers when they are gone. The cluster's cgroups name exactly these processes. */
export async function killContainer(pod: Pod, container: string): Promise<void> {
  const status = [...(pod.status.containerStatuses ?? []), ...(pod.status.initContainerStatuses ?? [])].find(
    ({ name }) => name === container,
  );
  const id = status?.containerID?.replace(/^.*:\/\//, "");
  if (id === undefined) throw new Error(`${pod.metadata.name} has no running container ${container}`);
  const search = ["/sys/fs/cgroup", "-path", `*koinon-cluster*${id}*`, "-name", "cgroup.procs"];
  const files = (await run("find", search)).stdout.split("\n").filter(Boolean);
  const pids = new Set((await Promise.all(files.map((file) => readFile(file, "utf8")))).join("\n").split(/\s+/));
  pids.delete("");
  if (pids.size === 0) throw new Error(`${pod.metadata.name}: no process of ${container} was found`);
  for (const pid of pids) process.kill(Number(pid), "SIGKILL");
}
