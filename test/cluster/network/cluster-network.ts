import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createKey } from "@koinon/acceptance/network/client";
import type { Network } from "@koinon/acceptance/network/network";
import { waitFor } from "@koinon/testkit/wait-for";
import { killContainer } from "./container-kill.ts";
import {
  edgeNamespace,
  isReady,
  kubectl,
  list,
  namespace,
  type Pod,
  podsOf,
  release,
  secretValue,
} from "./kubernetes.ts";

interface Provider {
  readonly address: string;
  readonly name: string;
  readonly state: string;
}

/** Names that can be killed, with where their pods are; the containers bear the same name. */
const places: Readonly<Record<string, { readonly place: string; readonly selector: string }>> = {
  gateway: { place: namespace, selector: "app.kubernetes.io/name=gateway" },
  market: { place: namespace, selector: "app.kubernetes.io/name=market" },
  poi: { place: namespace, selector: "app.kubernetes.io/name=poi" },
  provider: { place: edgeNamespace, selector: "app.kubernetes.io/name=provider" },
  postgres: { place: namespace, selector: "app=postgres" },
  nats: { place: namespace, selector: "app=nats" },
  redis: { place: namespace, selector: "app=redis" },
};

/** The release as an outsider sees it: through the gateway's Service, with the trust file that its operator hands out. */
export async function openClusterNetwork(): Promise<Network> {
  const { url, adminKey } = await gatewayAccess();
  const folder = mkdtempSync(path.join(tmpdir(), "koinon-cluster-test-"));
  const serving = async () => {
    const known = await providers(url, adminKey);
    const expected = (await podsOf("provider", edgeNamespace)).length;
    return (
      known.filter(({ state, name }) => state === "healthy" && name.startsWith("example-edge")).length >= expected &&
      known
    );
  };
  const known = await waitFor(serving, { deadlineMs: 60_000, intervalMs: 250, what: "the network serves" });
  const trustFile = path.join(folder, "trust.json");
  writeFileSync(trustFile, JSON.stringify(await trustOf(url, known)));
  const network = { url, adminKey, trustFile, apiKey: "" };
  network.apiKey = (await createKey({ ...network, ...inert }, 100_000_000n)).key;
  return {
    ...network,
    killable: Object.keys(places),
    async kill(name) {
      const { place, selector } = places[name] as (typeof places)[string];
      const pods = await list<Pod>("pods", place, selector);
      const pod = pods.find(isReady);
      if (pod === undefined) throw new Error(`${name} has no ready pod`);
      await killContainer(pod, name);
    },
    async recover() {
      for (const [name, { place, selector }] of Object.entries(places)) {
        const allReady = async () => (await list<Pod>("pods", place, selector)).every(isReady);
        await waitFor(allReady, { deadlineMs: 120_000, intervalMs: 250, what: `${name} is ready again` });
      }
      await waitFor(serving, { deadlineMs: 60_000, intervalMs: 250, what: "the network serves again" });
    },
    stop: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** What a network that nobody kills lacks. */
const inert = {
  killable: [],
  kill: () => Promise.reject(new Error("nothing to kill")),
  recover: () => Promise.resolve(),
  stop: () => Promise.resolve(),
};

/** Where the release's gateway is, and the key of its administrator. */
export async function gatewayAccess(): Promise<{ readonly url: string; readonly adminKey: string }> {
  const service = ["--namespace", namespace, `service/${release}-gateway`, "--output"];
  const address = await kubectl("get", ...service, "jsonpath={.spec.clusterIP}");
  const port = await kubectl("get", ...service, 'jsonpath={.spec.ports[?(@.name=="http")].port}');
  const adminKey = await secretValue("koinon-gateway", "GATEWAY_ADMINISTRATOR_KEY");
  return { url: `http://${address}:${port}`, adminKey };
}

export async function providers(url: string, adminKey: string): Promise<readonly Provider[]> {
  const answer = await fetch(`${url}/v1/providers`, { headers: { authorization: `Bearer ${adminKey}` } });
  return ((await answer.json()) as { data: readonly Provider[] }).data;
}

/** The deployment's trust file, with the providers that its operator asked for their roots. */
async function trustOf(url: string, known: readonly Provider[]): Promise<object> {
  const answer = await fetch(`${url}/trust.json`);
  const published = (await answer.json()) as object;
  return { ...published, providers: known.map(({ address, name }) => ({ root: address, name })) };
}
