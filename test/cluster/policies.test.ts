import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { chat } from "@koinon/acceptance/network/client";
import type { Network } from "@koinon/acceptance/network/network";
import { openClusterNetwork } from "./network/cluster-network.ts";
import { edgeNamespace, isReady, kubectl, list, namespace, type Pod, podsOf } from "./network/kubernetes.ts";
import { type Party, type Peer, Policies, type Policy } from "./network/policies.ts";
import { dialsOf } from "./network/sockets.ts";

interface Service {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly clusterIP: string;
    readonly selector?: Readonly<Record<string, string>>;
    readonly ports: readonly { readonly port: number; readonly targetPort: number | string }[];
  };
}

interface Namespace {
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
}

const services = ["gateway", "market", "poi", "provider", "chain"];
const places = [namespace, edgeNamespace];
const nameOf = (peer: Peer) =>
  "labels" in peer ? (peer.labels["app.kubernetes.io/name"] ?? peer.labels.app ?? "a pod") : peer.address;

function partyOf(pod: Pod): Party {
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  const ports = Object.fromEntries(
    containers.flatMap(({ ports = [] }) => ports.map(({ name = "", containerPort }) => [name, containerPort])),
  );
  const { labels, namespace: place } = pod.metadata;
  return { namespace: place, labels, address: pod.status.podIP ?? "", ports };
}

/** Addresses of pods: one that no pod has belonged to a pod that is gone, and the connection ends by itself. */
const podNetwork = "10.245.";

/** Who answers at an address: a pod, or one of the pods behind a Service, whose port is another then; undefined when it is gone. */
async function directory(): Promise<(address: string, port: number) => { peer: Peer; port: number } | undefined> {
  const { items } = JSON.parse(await kubectl("get", "pods", "--all-namespaces", "--output", "json")) as {
    items: Pod[];
  };
  const parties = items.map(partyOf);
  const known = (await Promise.all(places.map((place) => list<Service>("services", place)))).flat();
  return (address, port) => {
    const service = known.find(({ spec }) => spec.clusterIP === address);
    const party = parties.find((each) => each.address === address);
    if (party === undefined && address.startsWith(podNetwork)) return undefined;
    if (service === undefined) return { peer: party ?? { address }, port };
    const selector = Object.entries(service.spec.selector ?? {});
    const behind = parties.find(
      (party) =>
        party.namespace === service.metadata.namespace && selector.every(([key, value]) => party.labels[key] === value),
    );
    if (behind === undefined) throw new Error(`nobody is behind the Service ${service.metadata.name}`);
    const target = service.spec.ports.find((each) => each.port === port)?.targetPort ?? port;
    return { peer: behind, port: typeof target === "number" ? target : (behind.ports[target] ?? port) };
  };
}

describe("network policies, against the connections that the pods have", () => {
  let network: Network;
  let policies: readonly Policy[];
  /** `caller → callee:port` of connections that were seen, by whether the policies of both sides let them pass. */
  const seen = { allowed: new Set<string>(), refused: new Set<string>() };

  beforeAll(async () => {
    network = await openClusterNetwork();
    policies = (await Promise.all(places.map((place) => list<Policy>("networkpolicies", place)))).flat();
    const spaces = await list<Namespace>("namespaces", namespace);
    const rules = new Policies(policies, new Map(spaces.map(({ metadata }) => [metadata.name, metadata.labels])));
    // Long enough for connections to come of age and be opened anew, by a network that has work.
    for (let round = 0; round < 15; round += 1) {
      await chat(network, "say 2");
      await chat(network, "", { extra: { model: "smollm2-135m-instruct", max_tokens: 2 } });
      await (await fetch(`${network.url}/log/checkpoint`)).text();
      await look(rules);
      await delay(1_000);
    }
  }, 180_000);
  afterAll(() => network?.stop());

  async function look(rules: Policies): Promise<void> {
    const who = await directory();
    for (const place of places) {
      for (const service of services) {
        for (const pod of (await podsOf(service, place)).filter(isReady)) {
          const from = partyOf(pod);
          for (const dial of await dialsOf(pod, service)) {
            const found = who(dial.address, dial.port);
            if (found === undefined) continue;
            const { peer, port } = found;
            const passes = rules.letOut(from, peer, port) && (!("labels" in peer) || rules.letIn(from, peer, port));
            seen[passes ? "allowed" : "refused"].add(`${place}/${service} → ${nameOf(peer)}:${port}`);
          }
        }
      }
    }
  }

  test("every pod of the releases is selected by a policy for both directions", async () => {
    for (const place of places) {
      const selected = policies
        .filter(({ metadata, spec }) => metadata.namespace === place && spec.policyTypes.length === 2)
        .map(({ spec }) => spec.podSelector.matchLabels?.["app.kubernetes.io/name"]);
      for (const service of services) {
        if ((await podsOf(service, place)).length > 0)
          expect([place, selected]).toEqual([place, expect.arrayContaining([service])]);
      }
    }
  });

  test("let pass whatever the pods dial", () => {
    expect([...seen.refused]).toEqual([]);
  });

  test("let nothing pass that no pod dials", () => {
    // Rules that name the pods that may be dialled, or a port of what runs beside the services.
    const opened = policies.flatMap(({ metadata, spec }) =>
      (spec.egress ?? []).flatMap(({ ports = [], to = [] }) =>
        ports
          .filter(({ port }) => port !== 53)
          .map(({ port }) => ({
            from: `${metadata.namespace}/${spec.podSelector.matchLabels?.["app.kubernetes.io/name"]}`,
            to: to[0]?.podSelector?.matchLabels?.["app.kubernetes.io/name"] ?? "",
            port,
          })),
      ),
    );
    const dialled = [...seen.allowed];
    const unused = opened.filter(
      ({ from, to, port }) => !dialled.some((each) => each.startsWith(`${from} → ${to}`) && each.endsWith(`:${port}`)),
    );
    expect(opened.length).toBeGreaterThan(5);
    expect(unused).toEqual([]);
  });
});
