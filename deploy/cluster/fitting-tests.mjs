// Which files of test/cluster say something about what is installed, for `test` without a pattern.
import { say } from "../../tools/workspace/toolchain.mjs";
import { cluster } from "./inside.mjs";

const profile = (name) => `npm run cluster -- install --values helm/profiles/${name}.yaml`;
/** Values of the charts alone keep more pods of each, so what does not say otherwise does. */
const several = ({ net }) => net.gateway?.replicas !== 1 && net.poi?.replicas !== 1;

/** Tests by name: whether an installation has what they want, and how to come to it. */
const tests = {
  "first-answer": {},
  acceptance: {},
  policies: {},
  misconfiguration: {},
  "custom-resources": {},
  autoscaling: {},
  "local-compute": {},
  events: { fits: several, wants: profile("ha") },
  lifecycle: { fits: several, wants: profile("ha") },
  "single-writer": { fits: several, wants: profile("ha") },
  anchoring: {
    fits: ({ net }) => net.chain?.enabled === true,
    wants: `${profile("small")} --values helm/profiles/chain.yaml`,
  },
  chain: {
    fits: ({ releases }) => releases.includes("shard"),
    wants: "npm run cluster -- install --values deploy/cluster/values/shard.yaml --release shard --namespace shard",
  },
};

/** Releases of the charts that are installed, by name. */
export function installedReleases() {
  const text = cluster(["helm", "list", "--all-namespaces", "--output", "json"], { quiet: true });
  return JSON.parse(text).map(({ name }) => name);
}

/** Patterns of the tests that fit; says of the others what they want. */
export function fittingTests() {
  const releases = installedReleases();
  if (!releases.includes("net")) throw new Error("nothing is installed: npm run cluster -- install");
  const values = cluster(["helm", "get", "values", "net", "--namespace", "koinon", "--output", "json"], {
    quiet: true,
  });
  const installed = { releases, net: JSON.parse(values) };
  const fitting = [];
  for (const [name, { fits, wants }] of Object.entries(tests)) {
    if (fits === undefined || fits(installed)) fitting.push(`/${name}[-a-z]*\\.test\\.ts$`);
    else say(`cluster: left out is ${name}, which wants: ${wants}`);
  }
  return fitting;
}
