// What somebody looks at after a step of `nightly` has failed, since the cluster goes on and is gone in the end.
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { clusterScript } from "./inside.mjs";

const commands = {
  "pods.txt": ["kubectl", "get", "pods", "--all-namespaces", "--output=wide"],
  "pods-described.txt": ["kubectl", "describe", "pods", "--all-namespaces"],
  "events.txt": ["kubectl", "get", "events", "--all-namespaces", "--sort-by=.lastTimestamp"],
  "releases.txt": ["helm", "list", "--all-namespaces"],
};
const perPod = "{range .items[*]}{.metadata.namespace} {.metadata.name}{'\\n'}{end}".replaceAll("'", '"');

/** Writes pods, events, releases and the logs of every pod's containers, also of those before their last restart, into a folder. */
export function saveEvidence(folder) {
  mkdirSync(folder, { recursive: true });
  for (const [file, command] of Object.entries(commands)) writeFileSync(path.join(folder, file), said(command));
  const pods = said(["kubectl", "get", "pods", "--all-namespaces", "--output", `jsonpath=${perPod}`]);
  for (const line of pods.split("\n").filter((each) => / /.test(each) && !each.includes(":"))) {
    const [namespace, name] = line.split(" ");
    const logs = ["kubectl", "logs", name, "--namespace", namespace, "--all-containers", "--prefix", "--tail=5000"];
    writeFileSync(path.join(folder, `${namespace}-${name}.log`), said(logs));
    const former = said([...logs, "--previous"]);
    if (!former.startsWith("Error")) writeFileSync(path.join(folder, `${namespace}-${name}.previous.log`), former);
  }
}

/** What a command inside the cluster printed, whether or not it succeeded: a cluster that is down says so. */
function said(command) {
  const { stdout, stderr } = spawnSync(clusterScript, ["exec", ...command], {
    encoding: "utf8",
    maxBuffer: 64 << 20,
    timeout: 60_000,
  });
  return `${stdout ?? ""}${stderr ?? ""}`;
}
