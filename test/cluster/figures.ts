// Prints the figures of helm/README.md for the release that is installed: images, time to install, memory and CPU at idle and under
// load, and how long a further replica takes until it serves. npm run cluster -- figures
import { readFileSync } from "node:fs";
import { loadavg } from "node:os";
import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { createKey } from "@koinon/acceptance/network/client";
import { upstreamModel } from "@koinon/acceptance/network/upstream";
import { waitFor } from "@koinon/testkit/wait-for";
import { type OpenLoop, startOpenLoop } from "./load/open-loop.ts";
import { summarise } from "./load/summary.ts";
import { openClusterNetwork } from "./network/cluster-network.ts";
import { clusterFile } from "./network/home.ts";
import { edgeNamespace, isReady, kubectl, list, namespace, type Pod, podsOf, workload } from "./network/kubernetes.ts";
import { answered } from "./network/pod-metrics.ts";

const ratePerSecond = 40;
/** The metrics API averages over its last two scrapes, ten seconds apart. */
const settleMs = 30_000;

interface Usage {
  readonly pods: number;
  readonly milliCores: number;
  readonly mebibytes: number;
}

const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): void => {
  for (const cells of [head, head.map(() => "---"), ...rows]) process.stdout.write(`| ${cells.join(" | ")} |\n`);
  process.stdout.write("\n");
};

function printRecords(): void {
  const images = JSON.parse(readFileSync(clusterFile("run/images.json"), "utf8")) as Record<
    string,
    { sizeBytes: number }
  >;
  const sizes = Object.entries(images).map(([name, { sizeBytes }]) => [name, Math.round(sizeBytes / 1e6)]);
  table(["image", "MB, unpacked"], sizes);
  const installs = JSON.parse(readFileSync(clusterFile("run/installs.json"), "utf8")) as Record<string, number>;
  table(["release", "seconds from helm install to ready"], Object.entries(installs));
}

/** A line for each pod of a namespace; the metrics API knows a pod only some time after it started. */
async function measured(place: string): Promise<readonly string[]> {
  const all = async () => {
    const lines = (await kubectl("top", "pods", "--namespace", place, "--no-headers")).trim().split("\n");
    return lines.length >= (await list<Pod>("pods", place)).length && lines;
  };
  return await waitFor(all, { deadlineMs: 180_000, intervalMs: 2_000, what: `every pod of ${place} is measured` });
}

/** What the metrics API says now, by service. */
async function usage(): Promise<Record<string, Usage>> {
  const result: Record<string, Usage> = {};
  for (const place of [namespace, edgeNamespace]) {
    for (const line of await measured(place)) {
      const [pod = "", cpu = "0m", memory = "0Mi"] = line.split(/\s+/);
      const service = pod.replace(/^(net|edge)-/, "").replace(/-[0-9a-f]+-[a-z0-9]{5}$|-\d+$/, "");
      const name = place === edgeNamespace ? `${service}, engine elsewhere` : service;
      const known = result[name] ?? { pods: 0, milliCores: 0, mebibytes: 0 };
      result[name] = {
        pods: known.pods + 1,
        milliCores: known.milliCores + Number.parseInt(cpu, 10),
        mebibytes: known.mebibytes + Number.parseInt(memory, 10),
      };
    }
  }
  return result;
}

/** Seconds from asking for one replica more to its being ready, and to its first answer. */
async function addReplica(service: string): Promise<readonly [service: string, ready: string, serves: string]> {
  const before = new Set((await podsOf(service)).map(({ metadata }) => metadata.uid));
  const began = performance.now();
  const seconds = () => ((performance.now() - began) / 1000).toFixed(1);
  await kubectl("scale", workload(service), "--namespace", namespace, `--replicas=${before.size + 1}`);
  const wait = { deadlineMs: 120_000, intervalMs: 100, what: `a new pod of ${service} serves` };
  const pod = await waitFor(
    async () => (await podsOf(service)).find((each) => isReady(each) && !before.has(each.metadata.uid)),
    wait,
  );
  const ready = seconds();
  await waitFor(async () => (await answered(pod, service)) > 0, wait);
  const serves = seconds();
  await kubectl("scale", workload(service), "--namespace", namespace, `--replicas=${before.size}`);
  await waitFor(async () => (await podsOf(service)).length === before.size, wait);
  return [service, ready, serves];
}

/** Readers of the log, beside the inferences. */
function readLog(url: string): () => Promise<void> {
  const timer = setInterval(
    () =>
      void fetch(`${url}/log/checkpoint`)
        .then((answer) => answer.text())
        .catch(() => ""),
    100,
  );
  return async () => clearInterval(timer);
}

/** What else the machine did: figures of a busy one say little. */
const sayLoad = (when: string) =>
  process.stdout.write(
    `load averages ${when}: ${loadavg()
      .map((average) => average.toFixed(1))
      .join(", ")}\n\n`,
  );

printRecords();
sayLoad("before");
await delay(settleMs);
const idle = await usage();
const network = await openClusterNetwork();
const { key } = await createKey(network, 1_000_000_000n);
const body = { model: upstreamModel, max_tokens: 16, messages: [{ role: "user", content: "say 3" }] };
const load: OpenLoop = startOpenLoop({ url: network.url, key, ratePerSecond, body, fresh: true });
const stopReading = readLog(network.url);
await delay(settleMs);
const loaded = await usage();
const { medianMs, p99Ms, requests, failures } = summarise(load.samples, 0, load.nowMs());
table(
  ["service", "pods", "idle mCPU", "idle MiB", `mCPU at ${ratePerSecond}/s`, `MiB at ${ratePerSecond}/s`],
  Object.entries(loaded).map(([name, { pods, milliCores, mebibytes }]) => [
    ...[name, pods, idle[name]?.milliCores ?? 0, idle[name]?.mebibytes ?? 0],
    ...[milliCores, mebibytes],
  ]),
);
process.stdout.write(
  `${requests} requests, failures ${JSON.stringify(failures)}, median ${medianMs} ms, p99 ${p99Ms} ms\n\n`,
);
const added = [];
for (const service of ["gateway", "market", "poi"]) added.push(await addReplica(service));
table(["one replica more of", "seconds until ready", "seconds until it serves"], added);
await stopReading();
await load.stop();
await network.stop();
sayLoad("after");
