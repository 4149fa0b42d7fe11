import { processesOf } from "./container-processes.ts";
import type { Pod } from "./kubernetes.ts";

/** kill -9 of every process of a pod's container; answers when they are gone. */
export async function killContainer(pod: Pod, container: string): Promise<void> {
  const pids = await processesOf(pod, container);
  if (pids.length === 0) throw new Error(`${pod.metadata.name}: no process of ${container} was found`);
  for (const pid of pids) process.kill(pid, "SIGKILL");
}
