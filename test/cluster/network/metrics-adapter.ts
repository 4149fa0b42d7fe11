import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { isReady, kubectl, list, type Pod } from "./kubernetes.ts";
import { createObjects } from "./objects.ts";
import { gauge } from "./pod-metrics.ts";

const run = promisify(execFile);
const group = "custom.metrics.k8s.io";
const version = "v1beta2";
const name = "test-custom-metrics";
const system = "kube-system";
/** This process, as the cluster sees it: the first node, in whose network tests run. */
const address = "10.44.0.11";

/** The custom metrics API, as the Prometheus adapter serves it, from what pods tell on their admin ports now. */
export interface MetricsAdapter {
  stop(): Promise<void>;
}

/** Serves gauges of pods without labels of their own, and registers with the API server. */
export async function startMetricsAdapter(gauges: readonly string[]): Promise<MetricsAdapter> {
  const server = createServer(await certificate(), (request, response) => {
    const url = new URL(request.url ?? "/", "https://adapter");
    answer(url, gauges)
      .then((body) =>
        response
          .writeHead(body === undefined ? 404 : 200, { "content-type": "application/json" })
          .end(JSON.stringify(body ?? {})),
      )
      .catch((error: Error) => response.writeHead(500).end(error.message));
  });
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  const remove = () =>
    kubectl(
      "delete",
      `apiservice/${version}.${group}`,
      `service/${name}`,
      `endpointslice/${name}`,
      "--namespace",
      system,
      "--ignore-not-found",
    );
  await remove();
  await createObjects(objects((server.address() as AddressInfo).port));
  return {
    async stop() {
      await remove();
      await closed(server);
    },
  };
}

async function answer(url: URL, gauges: readonly string[]): Promise<object | undefined> {
  const root = `/apis/${group}/${version}`;
  if (url.pathname === root) {
    const resources = gauges.map((metric) => ({
      name: `pods/${metric}`,
      singularName: "",
      namespaced: true,
      kind: "MetricValueList",
      verbs: ["get"],
    }));
    return { kind: "APIResourceList", apiVersion: "v1", groupVersion: `${group}/${version}`, resources };
  }
  const [, place, metric] =
    new RegExp(`^${root}/namespaces/([^/]+)/pods/\\*/([^/]+)$`).exec(decodeURIComponent(url.pathname)) ?? [];
  if (place === undefined || metric === undefined) return undefined;
  const pods = (await list<Pod>("pods", place, url.searchParams.get("labelSelector") ?? undefined)).filter(isReady);
  const items = await Promise.all(pods.map((pod) => item(pod, metric)));
  return { kind: "MetricValueList", apiVersion: `${group}/${version}`, metadata: {}, items };
}

async function item(pod: Pod, metric: string): Promise<object> {
  const { name: podName, namespace } = pod.metadata;
  const value = String((await gauge(pod, metric)) ?? 0);
  const describedObject = { kind: "Pod", apiVersion: "/v1", namespace, name: podName };
  return { describedObject, metric: { name: metric }, timestamp: new Date().toISOString(), value };
}

function objects(port: number): readonly object[] {
  const metadata = { name, namespace: system, labels: { "kubernetes.io/service-name": name } };
  return [
    { apiVersion: "v1", kind: "Service", metadata, spec: { ports: [{ port: 443, targetPort: port }] } },
    {
      ...{ apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice", metadata, addressType: "IPv4" },
      ...{ ports: [{ port }], endpoints: [{ addresses: [address] }] },
    },
    {
      ...{ apiVersion: "apiregistration.k8s.io/v1", kind: "APIService", metadata: { name: `${version}.${group}` } },
      spec: {
        ...{ service: { name, namespace: system }, group, version, insecureSkipTLSVerify: true },
        ...{ groupPriorityMinimum: 100, versionPriority: 100 },
      },
    },
  ];
}

async function certificate(): Promise<{ key: Buffer; cert: Buffer }> {
  const folder = await mkdtemp(path.join(tmpdir(), "koinon-adapter-"));
  const [key, cert] = [path.join(folder, "key"), path.join(folder, "cert")];
  try {
    const made = ["-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-subj", `/CN=${name}`, "-days", "1"];
    await run("openssl", ["req", "-x509", ...made]);
    return { key: await readFile(key), cert: await readFile(cert) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
