import { processesOf } from "./container-processes.ts";
import type { Pod } from "./kubernetes.ts";

/** kill -9 of every process of a pod's container. */
export async function killContainer(pod: Pod, container: string): Promise<void> {
  const pids = await processesOf(pod, container);
  if (pids.length === 0) throw new Error(`${pod.metadata.name}: no process of ${container} was found`);
  for (const pid of pids) kill(pid);
}

/** One that has ended meanwhile is as good as killed: PostgreSQL's backends end by themselves, and with their parent. */
function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
