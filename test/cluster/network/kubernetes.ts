import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Where the release under test is: `npm run cluster -- install` puts it there. */
export const release = "net";
export const namespace = "koinon";
/** The umbrella chart. */
export const charts = fileURLToPath(new URL("../../../helm/koinon", import.meta.url));
/** The namespace of the providers before the engine that says what it is asked to say. */
export const edgeNamespace = "edge";

/** A pod as far as tests look at it. */
export interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
  readonly spec: {
    readonly nodeName?: string;
    readonly containers: readonly ContainerSpec[];
    readonly initContainers?: readonly ContainerSpec[];
  };
  readonly status: {
    readonly phase: string;
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
  };
}

interface ContainerSpec {
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
}

export interface ContainerStatus {
  readonly name: string;
  readonly ready: boolean;
  readonly restartCount: number;
  readonly containerID?: string;
  readonly state: Readonly<Record<string, { readonly reason?: string; readonly message?: string }>>;
  readonly lastState: Readonly<Record<string, { readonly reason?: string; readonly message?: string }>>;
}

/** Runs kubectl and answers what it printed; fails with what it said. */
export async function kubectl(...args: readonly string[]): Promise<string> {
  return (await run("kubectl", [...args], { maxBuffer: 64 << 20 })).stdout;
}

/** Runs helm likewise. */
export async function helm(...args: readonly string[]): Promise<string> {
  return (await run("helm", [...args], { maxBuffer: 64 << 20 })).stdout;
}

/** Objects by kind, and by selector when one is given. */
export async function list<T>(kind: string, place: string, selector?: string): Promise<readonly T[]> {
  const which = selector === undefined ? [] : ["--selector", selector];
  const text = await kubectl("get", kind, "--namespace", place, ...which, "--output", "json");
  return (JSON.parse(text) as { items: readonly T[] }).items;
}

/** Pods of a service of a release, also those that end. */
export function podsOf(service: string, place = namespace): Promise<readonly Pod[]> {
  return list<Pod>("pods", place, `app.kubernetes.io/name=${service}`);
}

/** The pod of this name; undefined when there is none. */
export async function podNamed(name: string, place: string): Promise<Pod | undefined> {
  return (await list<Pod>("pods", place)).find(({ metadata }) => metadata.name === name);
}

export function isReady({ status, metadata }: Pod): boolean {
  const ready = status.conditions?.some((condition) => condition.type === "Ready" && condition.status === "True");
  return ready === true && metadata.deletionTimestamp === undefined;
}

/** A value of a Secret. */
export async function secretValue(name: string, key: string, place = namespace): Promise<string> {
  const text = await kubectl("get", "secret", name, "--namespace", place, "--output", `jsonpath={.data.${key}}`);
  return Buffer.from(text, "base64").toString("utf8");
}

/** `<kind>/<release>-<service>`, as kubectl takes it. */
export function workload(service: string): string {
  return `${service === "provider" ? "statefulset" : "deployment"}/${release}-${service}`;
}

/** Tag of the image that a service of the release runs. */
export async function runningImage(service: string): Promise<string> {
  const image = "jsonpath={.spec.template.spec.containers[0].image}";
  const text = await kubectl("get", workload(service), "--namespace", namespace, "--output", image);
  return text.slice(text.lastIndexOf(":") + 1);
}
