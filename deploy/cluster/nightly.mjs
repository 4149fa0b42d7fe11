// Everything that is shown on the cluster, one after the other, each as its own command: npm run cluster -- nightly
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import path from "node:path";
import { performance } from "node:perf_hooks";
import { nodePath, root, say, toolchainEnv } from "../../tools/workspace/toolchain.mjs";
import { saveEvidence } from "./evidence.mjs";
import { here, home } from "./inside.mjs";

const profile = (name) => ["--values", path.join(root, "helm/profiles", `${name}.yaml`)];
const release = (name) => ["--release", name, "--namespace", name];

/** What the rest stands on; without it there is nothing to test. */
const foundations = [
  ["up", "--nodes", "2"],
  ["install", ...profile("ha"), "--nats-replicas", "3"],
  ["install", ...profile("edge-provider"), ...release("edge")],
];
const onHa = [
  ...["first-answer", "events", "lifecycle", "acceptance", "policies", "single-writer", "custom-resources"],
  ...["misconfiguration", "autoscaling"],
];
const shown = [
  ...onHa.map((name) => ["test", name]),
  ["install", "--values", path.join(here, "values/shard.yaml"), ...release("shard")],
  ["test", "chain"],
  ["restart"],
  ["figures"],
  ["install", ...profile("local-compute")],
  ["test", "local-compute"],
  ["test", "acceptance"],
  ["install", ...profile("small")],
  ["test", "first-answer"],
  ["install", ...profile("small"), ...profile("chain")],
  ["test", "anchoring"],
  ["test", "policies"],
  ["test", "acceptance"],
];

/** Runs all of it, whatever fails on the way, takes the cluster down and says how each step ended; throws when one failed. */
export function nightly() {
  const evidence = path.join(home, "failures");
  rmSync(evidence, { recursive: true, force: true });
  const report = [];
  const succeeds = (step) => {
    const name = step.join(" ").replaceAll(`${root}/`, "");
    const began = performance.now();
    const succeeded = runs(step);
    const seconds = Math.round((performance.now() - began) / 1000);
    report.push({
      name,
      succeeded,
      line: `${succeeded ? "ok    " : "FAILED"} ${String(seconds).padStart(5)} s  ${name}`,
    });
    if (!succeeded) saveEvidence(path.join(evidence, `${report.length} ${name}`.replaceAll(/[^a-z0-9]+/gi, "-")));
    return succeeded;
  };
  try {
    runAll(succeeds);
  } finally {
    succeeds(["down"]);
  }
  for (const { line } of report) say(line);
  const failed = report.filter(({ succeeded }) => !succeeded).map(({ name }) => name);
  if (failed.length > 0) throw new Error(`failed: ${failed.join("; ")} (see ${evidence})`);
}

function runAll(succeeds) {
  if (!foundations.every(succeeds)) return;
  let installed = foundations[1];
  for (const step of shown) {
    if (step[0] === "install" && !step.includes("--release")) installed = step;
    // What a step that failed has left may be no release, or half of one: the next finds what it expects.
    if (!succeeds(step)) succeeds(installed);
  }
}

function runs(step) {
  say(`cluster: ${step.join(" ")}`);
  const { status } = spawnSync(nodePath(), [path.join(here, "command.mjs"), ...step], {
    stdio: "inherit",
    cwd: root,
    env: toolchainEnv(),
  });
  return status === 0;
}
