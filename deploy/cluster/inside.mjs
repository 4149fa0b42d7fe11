// Commands inside the cluster's network, with kubectl and helm on the path.
import { spawnSync } from "node:child_process";
import { homedir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { toolchainEnv } from "../../tools/workspace/toolchain.mjs";

export const here = path.dirname(fileURLToPath(import.meta.url));
export const clusterScript = path.join(here, "cluster.sh");

/** Everything that the cluster writes. */
export const home = process.env.KOINON_CLUSTER_HOME ?? path.join(homedir(), ".cache/koinon-cluster");
export const runFolder = path.join(home, "run");

/** Runs a command and answers what it printed; it throws when the command fails. */
export function execute(command, args, options = {}) {
  const stdio = ["pipe", options.quiet === true ? "pipe" : 2, 2];
  const result = spawnSync(command, args, {
    stdio,
    encoding: "utf8",
    maxBuffer: 256 << 20,
    ...options,
    env: { ...toolchainEnv(), ...options.env },
  });
  if (result.error) throw result.error;
  if (result.status !== 0) {
    throw new Error(`${path.basename(command)} ${args.join(" ")} failed (${result.signal ?? `exit ${result.status}`})`);
  }
  return result.stdout ?? "";
}

/** Runs a command in the network of the cluster. */
export function cluster(command, options = {}) {
  return execute(clusterScript, ["exec", ...command], options);
}

/** Applies Kubernetes objects. */
export function apply(objects) {
  const input = JSON.stringify({ apiVersion: "v1", kind: "List", items: objects });
  cluster(["kubectl", "apply", "-f", "-"], { input, quiet: true });
}
