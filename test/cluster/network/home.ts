import { homedir } from "node:os";
import path from "node:path";

/** A file of the cluster under test: `npm run cluster` keeps everything that it writes in one folder. */
export function clusterFile(...names: readonly string[]): string {
  return path.join(process.env.KOINON_CLUSTER_HOME ?? path.join(homedir(), ".cache/koinon-cluster"), ...names);
}
