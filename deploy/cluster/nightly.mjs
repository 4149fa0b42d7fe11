// Everything that is shown on the cluster, one after the other, each as its own command: npm run cluster -- nightly
import { spawnSync } from "node:child_process";
import path from "node:path";
import { nodePath, root, say, toolchainEnv } from "../../tools/workspace/toolchain.mjs";
import { here } from "./inside.mjs";

const profile = (name) => ["--values", path.join(root, "helm/profiles", `${name}.yaml`)];
const release = (name) => ["--release", name, "--namespace", name];

/** What the rest stands on; without it there is nothing to test. */
const foundations = [
  ["up", "--nodes", "2"],
  ["install", ...profile("ha"), "--nats-replicas", "3"],
  ["install", ...profile("edge-provider"), ...release("edge")],
];
const shown = [
  ...["first-answer", "events", "lifecycle", "acceptance", "misconfiguration", "autoscaling"].map((name) => [
    "test",
    name,
  ]),
  ["install", "--values", path.join(here, "values/shard.yaml"), ...release("shard")],
  ["test", "chain"],
  ["restart"],
  ["figures"],
  ["install", ...profile("local-compute")],
  ["test", "local-compute"],
  ["test", "acceptance"],
  ["install", ...profile("small"), ...profile("chain")],
  ["test", "anchoring"],
  ["test", "acceptance"],
];

/** Runs all of it and takes the cluster down; throws with the names of the steps that failed. */
export function nightly() {
  const failed = [];
  try {
    for (const step of foundations) if (!succeeds(step)) throw new Error(`${step.join(" ")} failed`);
    for (const step of shown) if (!succeeds(step)) failed.push(step.join(" "));
  } finally {
    succeeds(["down"]);
  }
  if (failed.length > 0) throw new Error(`failed: ${failed.join("; ")}`);
}

function succeeds(step) {
  say(`cluster: ${step.join(" ")}`);
  const { status } = spawnSync(nodePath(), [path.join(here, "command.mjs"), ...step], {
    stdio: "inherit",
    cwd: root,
    env: toolchainEnv(),
  });
  return status === 0;
}
