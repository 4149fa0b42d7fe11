import path from "node:path";
import { describe, expect, test } from "@jest/globals";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { helm } from "./helm.ts";
import { layered, type Manifest, ofKind, profile, render } from "./manifests.ts";
import { bindingsOf } from "./modules.ts";
import { type ChartName, chartNames, definitions } from "./services.ts";

interface Rule {
  readonly ports: readonly { readonly port: string | number }[];
  readonly from?: readonly Peer[];
  readonly to?: readonly Peer[];
}
interface Peer {
  readonly podSelector?: { readonly matchLabels: Record<string, string> };
}

/** Edges `caller → callee` of the policies' gRPC rules, as their ingress and as their egress side tells them. */
function edgesOf(manifests: readonly Manifest[]): { ingress: string[]; egress: string[] } {
  const [ingress, egress] = [new Set<string>(), new Set<string>()];
  for (const chart of chartNames) {
    const policy = ofKind(manifests, "NetworkPolicy").get(`net-${chart}`);
    const rules = policy?.spec as { ingress?: readonly Rule[]; egress?: readonly Rule[] } | undefined;
    for (const { ports, from = [] } of rules?.ingress ?? []) {
      if (ports.some(({ port }) => port === "grpc"))
        for (const peer of services(from)) ingress.add(`${peer} → ${chart}`);
    }
    for (const { ports, to = [] } of rules?.egress ?? []) {
      if (ports.some(({ port }) => port === 7000)) for (const peer of services(to)) egress.add(`${chart} → ${peer}`);
    }
  }
  return { ingress: [...ingress].sort(), egress: [...egress].sort() };
}

function services(peers: readonly Peer[]): string[] {
  return peers.flatMap(({ podSelector }) => podSelector?.matchLabels["app.kubernetes.io/name"] ?? []);
}

/** TCP ports that a service's policy lets it dial outside the release. */
function infrastructureOf(manifests: readonly Manifest[], chart: ChartName): number[] {
  const policy = ofKind(manifests, "NetworkPolicy").get(`net-${chart}`) as Manifest;
  const { egress } = policy.spec as { egress: readonly Rule[] };
  const open = egress.filter(({ to = [] }) => services(to).length === 0);
  return open
    .flatMap(({ ports }) => ports.map(({ port }) => Number(port)))
    .filter((port) => port !== 53)
    .sort();
}

describe("network policies have exactly the edges of the service graph", () => {
  const small = profile("small");
  const manifests = render(layered(profile("ha"), profile("chain")));

  test("whom the modules accept is whom the policies let in", async () => {
    const accepted = new Set<string>();
    for (const { chart, callers } of await bindingsOf(["market", "poi", "provider"])) {
      for (const caller of callers) accepted.add(`${caller} → ${chart}`);
    }
    expect(edgesOf(manifests).ingress).toEqual([...accepted].sort());
  });

  test("what the modules require, and providers for the market, is what the policies let out", () => {
    const required = chartNames.flatMap((chart) =>
      definitions[chart].requires.filter(({ from }) => from !== "engine").map(({ from }) => `${chart} → ${from}`),
    );
    expect(edgesOf(manifests).egress).toEqual([...new Set([...required, "market → provider"])].sort());
  });

  test("both sides agree", () => {
    const { ingress, egress } = edgesOf(manifests);
    expect(ingress).toEqual(egress);
  });

  test("poi may dial the chain's JSON-RPC where it anchors to it, and nobody else may", () => {
    const httpPeers = (values: object) => {
      const manifests = render(values);
      const [chain, poi] = ["net-chain", "net-poi"].map((name) => ofKind(manifests, "NetworkPolicy").get(name)?.spec);
      const { ingress = [] } = chain as { ingress?: readonly Rule[] };
      const { egress } = poi as { egress: readonly Rule[] };
      return {
        accepted: ingress.filter(({ ports }) => ports[0]?.port === "http").map(({ from = [] }) => services(from)),
        dialled: egress.filter(({ ports }) => ports[0]?.port === 8545).map(({ to = [] }) => services(to)),
      };
    };
    const anchoring = layered(small, profile("chain"));
    expect(httpPeers(anchoring)).toEqual({ accepted: [["poi", "chain-test"]], dialled: [["chain"]] });
    const elsewhere = { POI_ANCHOR_RPC_URL: { secretName: "koinon-poi" } };
    expect(httpPeers(layered(anchoring, { poi: { secrets: elsewhere } })).dialled).toEqual([]);
    expect(httpPeers(layered(small, { chain: profile("chain").chain as object })).dialled).toEqual([]);
  });

  test("databases, NATS and Redis may be dialled by those that are given their address", () => {
    expect(chartNames.map((chart) => [chart, infrastructureOf(manifests, chart)])).toEqual([
      ["gateway", [5432, 6379]],
      ["market", [4222, 5432]],
      ["poi", [4222, 5432]],
      ["provider", []],
      ["chain", [4222]],
    ]);
    expect(infrastructureOf(render(profile("small")), "gateway")).toEqual([5432]);
  });
});

describe("the umbrella", () => {
  const names = (values: object, kind: string) => [...ofKind(render(values), kind).keys()].sort();
  const small = profile("small");

  test("switches services one by one", () => {
    expect(names(profile("edge-provider"), "StatefulSet")).toEqual(["net-provider"]);
    expect(names(profile("edge-provider"), "Deployment")).toEqual([]);
  });

  test("a gateway without poi is not told of one, and may not dial it", () => {
    const manifests = render({ ...small, poi: { enabled: false } });
    expect(JSON.stringify(ofKind(manifests, "Deployment").get("net-gateway"))).not.toContain("POI_ADDRESS");
    expect(edgesOf(manifests).egress).toEqual(["gateway → market", "market → provider", "provider → market"]);
  });

  test("serves the gateway as <release>-gateway with a port named http, the chain by name and port, and nothing else", () => {
    for (const { metadata, spec } of ofKind(render(layered(small, profile("chain"))), "Service").values()) {
      const { clusterIP, ports } = spec as { clusterIP?: string; ports: { name: string }[] };
      if (metadata.name === "net-gateway") expect(ports.map(({ name }) => name)).toEqual(["http"]);
      else if (metadata.name === "net-chain") expect(ports.map(({ name }) => name)).toEqual(["http", "grpc"]);
      else expect([metadata.name, clusterIP]).toEqual([metadata.name, "None"]);
    }
  });

  test("leaves replicas to the autoscaler where there is one", () => {
    const manifests = render(profile("ha"));
    expect([...ofKind(manifests, "HorizontalPodAutoscaler").keys()].sort()).toEqual(["net-gateway", "net-market"]);
    for (const name of ofKind(manifests, "HorizontalPodAutoscaler").keys()) {
      expect(ofKind(manifests, "Deployment").get(name)?.spec).not.toHaveProperty("replicas");
    }
    expect(ofKind(manifests, "Deployment").get("net-poi")?.spec).toMatchObject({ replicas: 3 });
  });

  test("renders the same from a packaged chart as from a clone", async () => {
    const { path: folder, remove } = await temporaryFolder();
    try {
      expect(helm(["package", "koinon", "--destination", folder]).status).toBe(0);
      const packaged = helm(["template", "net", path.join(folder, "koinon-0.1.0.tgz")], profile("ha"));
      expect(packaged.stdout).toBe(helm(["template", "net", "koinon"], profile("ha")).stdout);
    } finally {
      await remove();
    }
  });

  test("a change of one service's settings rolls that service alone", () => {
    const templates = (values: object) =>
      new Map(
        render(values)
          .filter(({ kind }) => kind === "Deployment" || kind === "StatefulSet")
          .map(({ metadata, spec }) => [metadata.name, JSON.stringify(spec?.template)]),
      );
    const before = templates(small);
    const after = templates({ ...small, market: { ...small.market, config: { LOG_LEVEL: "debug" } } });
    expect([...before.keys()].filter((name) => before.get(name) !== after.get(name))).toEqual(["net-market"]);
  });
});
