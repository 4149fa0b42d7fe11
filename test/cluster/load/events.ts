import { waitFor } from "@koinon/testkit/wait-for";
import { rotateCertificates } from "../network/certificates.ts";
import { edgeNamespace, helm, isReady, kubectl, list, namespace, podsOf, release } from "../network/kubernetes.ts";
import { makeNextRelease } from "../network/next-release.ts";

/** Something that happens to a release under load; it resolves when the release has come to rest again. */
export interface ClusterEvent {
  readonly name: string;
  happen(): Promise<void>;
}

interface Place {
  readonly service: string;
  readonly place: string;
  readonly workload: string;
}

const deployed = (service: string): Place => ({
  service,
  place: namespace,
  workload: `deployment/${release}-${service}`,
});
const edge: Place = { service: "provider", place: edgeNamespace, workload: "statefulset/edge-provider" };
const places: readonly Place[] = [deployed("gateway"), deployed("market"), deployed("poi"), edge];

/** Events in which no request may fail. */
export const orderly: readonly ClusterEvent[] = [
  ...places.flatMap((place) => [
    { name: `${place.service}: one more replica`, happen: () => scale(place, 1) },
    { name: `${place.service}: one replica less`, happen: () => scale(place, -1) },
    { name: `${place.service}: rollout restart`, happen: () => restart(place) },
    { name: `${place.service}: a pod is deleted`, happen: () => deletePod(place) },
  ]),
  { name: "helm upgrade to charts and images of another version", happen: upgrade },
  { name: "helm rollback", happen: rollback },
  { name: "new certificates for every service", happen: () => rotateCertificates() },
  { name: "a node is drained, and taken back", happen: drain },
];

async function scale(place: Place, change: number): Promise<void> {
  const wanted = (await pods(place)).filter(isReady).length + change;
  await kubectl("scale", place.workload, "--namespace", place.place, `--replicas=${wanted}`);
  await rest(place, wanted);
}

async function restart(place: Place): Promise<void> {
  const before = await pods(place);
  await kubectl("rollout", "restart", place.workload, "--namespace", place.place);
  await replaced(place, new Set(before.map(({ metadata }) => metadata.uid)), before.length);
}

async function deletePod(place: Place): Promise<void> {
  const before = await pods(place);
  const victim = before[Math.floor(Math.random() * before.length)];
  if (victim === undefined) throw new Error(`${place.service} has no pod`);
  await kubectl("delete", "pod", victim.metadata.name, "--namespace", place.place, "--wait=false");
  await replaced(place, new Set([victim.metadata.uid]), before.length);
}

/** Charts of another version, with another default and other images: every pod changes. */
async function upgrade(): Promise<void> {
  const next = await makeNextRelease();
  try {
    await change("upgrade", release, next.chart, "--reuse-values", ...next.values);
  } finally {
    next.remove();
  }
}

async function rollback(): Promise<void> {
  await change("rollback", release);
}

async function change(...command: string[]): Promise<void> {
  const before = await Promise.all(
    places.filter(({ place }) => place === namespace).map(async (place) => ({ place, pods: await pods(place) })),
  );
  // Numbers of replicas that kubectl changed are Helm's again.
  await helm(...command, "--namespace", namespace, "--force-conflicts", "--wait", "--timeout", "4m");
  for (const { place, pods: old } of before) {
    await replaced(place, new Set(old.map(({ metadata }) => metadata.uid)), old.length);
  }
}

/** The node without database and engine, which are single here; with one node there is nothing to drain to. */
async function drain(): Promise<void> {
  const names = (await list<{ metadata: { name: string } }>("nodes", namespace)).map(({ metadata }) => metadata.name);
  const node = names.find((name) => name !== "node-1");
  if (node === undefined) return;
  await kubectl("drain", node, "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=240s");
  for (const place of places) await rest(place, (await pods(place)).length);
  await kubectl("uncordon", node);
}

function pods({ service, place }: Place) {
  return podsOf(service, place);
}

function rest(place: Place, count: number): Promise<unknown> {
  return replaced(place, new Set(), count);
}

/** Resolves when none of the old pods is left, not even ending, and so many are ready. */
async function replaced(place: Place, old: ReadonlySet<string>, count: number): Promise<void> {
  await waitFor(
    async () => {
      const now = await pods(place);
      return now.length === count && now.every((pod) => isReady(pod) && !old.has(pod.metadata.uid));
    },
    { deadlineMs: 180_000, intervalMs: 250, what: `${count} pods of ${place.service} are ready and no other is left` },
  );
}
