import { readFileSync } from "node:fs";
import path from "node:path";
import { parse, parseAllDocuments } from "yaml";
import { chartsDir, helm } from "./helm.ts";

/** A rendered Kubernetes object; only what the tests read is typed. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly labels?: Record<string, string>;
    readonly annotations?: Record<string, string>;
  };
  readonly spec?: Record<string, unknown>;
  readonly data?: Record<string, string>;
}

export interface EnvironmentEntry {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly secretKeyRef?: { readonly name: string; readonly key: string };
    readonly fieldRef?: { readonly fieldPath: string };
  };
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly command?: readonly string[];
  readonly env?: readonly EnvironmentEntry[];
  readonly envFrom?: readonly { readonly configMapRef: { readonly name: string } }[];
  readonly resources: { readonly limits: object; readonly requests: object };
  readonly securityContext: object;
  readonly restartPolicy?: string;
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
}

export interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

export interface PodSpec {
  readonly automountServiceAccountToken: boolean;
  readonly securityContext: object;
  readonly terminationGracePeriodSeconds?: number;
  readonly topologySpreadConstraints?: readonly { readonly topologyKey: string }[];
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly Record<string, unknown>[];
}

/** Renders the umbrella chart under the release name `net`. */
export function render(values: object): Manifest[] {
  const { status, stdout, stderr } = helm(["template", "net", "koinon"], values);
  if (status !== 0) throw new Error(`helm template failed: ${stderr}`);
  return parseAllDocuments(stdout)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);
}

/** Why the umbrella chart refuses these values; undefined when it does not. */
export function refusal(values: object): string | undefined {
  const { status, stderr } = helm(["template", "net", "koinon"], values);
  return status === 0 ? undefined : stderr;
}

/** The values of a file in helm/profiles. */
export function profile(name: string): Record<string, Record<string, unknown>> {
  return parse(readFileSync(path.join(chartsDir, "profiles", `${name}.yaml`), "utf8")) as never;
}

/** Values laid over others, as Helm does with several files. */
export function layered(...layers: readonly object[]): Record<string, Record<string, unknown>> {
  const merged: Record<string, unknown> = {};
  for (const [key, value] of layers.flatMap((layer) => Object.entries(layer))) {
    const below = merged[key];
    merged[key] = isObject(value) && isObject(below) ? layered(below, value) : value;
  }
  return merged as Record<string, Record<string, unknown>>;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What operators start from: each profile, and the chain laid over two of them. */
export const setUps: Readonly<Record<string, Record<string, Record<string, unknown>>>> = {
  ...Object.fromEntries(["small", "ha", "edge-provider", "local-compute"].map((name) => [name, profile(name)])),
  "small with chain": layered(profile("small"), profile("chain")),
  "ha with chain": layered(profile("ha"), profile("chain"), {
    chain: {
      ...{ tls: { secretName: "", issuer: { name: "koinon" } }, serviceMonitor: { enabled: true } },
      ...{ engineApi: { enabled: true }, secrets: { CHAIN_ENGINE_JWT: { secretName: "koinon-chain" } } },
      ingress: { enabled: true, host: "rpc.example.org" },
      network: { httpFrom: [{ namespaceSelector: {} }], engineFrom: [{ namespaceSelector: {} }] },
    },
  }),
  "a proposer alone": {
    ...Object.fromEntries(["gateway", "market", "poi", "provider"].map((name) => [name, { enabled: false }])),
    chain: {
      enabled: true,
      genesis: { content: "{}" },
      config: { CHAIN_ENGINE_URL: "http://geth:8551" },
      secrets: { CHAIN_ENGINE_JWT: { secretName: "koinon-chain" } },
      network: { infrastructure: { executor: { port: 8551 } } },
    },
  },
};

/** The objects of one kind, by name. */
export function ofKind(manifests: readonly Manifest[], kind: string): Map<string, Manifest> {
  return new Map(manifests.filter((each) => each.kind === kind).map((each) => [each.metadata.name, each]));
}

/** Deployments and StatefulSets. */
export function workloads(manifests: readonly Manifest[]): Manifest[] {
  return manifests.filter(({ kind }) => kind === "Deployment" || kind === "StatefulSet");
}

/** The pod of a workload or job. */
export function podSpec(workload: Manifest): PodSpec {
  return (workload.spec as { template: { spec: PodSpec } }).template.spec;
}

/** Every container of a pod, the ones beside the main one too. */
export function containersOf(workload: Manifest): readonly Container[] {
  const { containers, initContainers = [] } = podSpec(workload);
  return [...initContainers, ...containers];
}
