// Installs a release of the umbrella chart on the cluster: images, Secrets, what the chart asks for, then Helm.
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { nodePath, root, say } from "../../tools/workspace/toolchain.mjs";
import { apply, cluster, clusterScript, execute, here, home, runFolder } from "./inside.mjs";

/** The namespace of what a release needs beside itself. */
const infrastructure = "koinon";
const imageOf = { gateway: "gateway", market: "compute", poi: "poi", provider: "compute", chain: "chain" };
const images = path.join(home, "images");
const secrets = path.join(runFolder, "secrets");

export function install(args) {
  const options = {
    values: { type: "string", multiple: true, default: [path.join(root, "helm/profiles/small.yaml")] },
    release: { type: "string", default: "net" },
    namespace: { type: "string", default: infrastructure },
    "nats-replicas": { type: "string" },
  };
  const { values } = parseArgs({ args, options });
  const tags = loadImages();
  for (const name of new Set([infrastructure, values.namespace])) namespace(name);
  makeSecrets(values.namespace);
  installInfrastructure(tags, values["nats-replicas"]);
  models(values.namespace);
  const began = performance.now();
  const files = values.values.flatMap((file) => withOwn(path.resolve(file))).flatMap((file) => ["--values", file]);
  const place = ["--namespace", values.namespace, "--force-conflicts", "--wait", "--timeout", "5m"];
  const chart = path.join(root, "helm/koinon");
  cluster(["helm", "upgrade", "--install", values.release, chart, ...files, "--values", "-", ...place], {
    input: JSON.stringify(ownValues(tags)),
  });
  const seconds = Number(((performance.now() - began) / 1000).toFixed(1));
  remember(values.release, seconds);
  say(`cluster: ${values.release} is ready after ${seconds} s`);
}

/** How long releases took, for the figures. */
function remember(release, seconds) {
  const file = path.join(runFolder, "installs.json");
  const known = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
  writeFileSync(file, JSON.stringify({ ...known, [release]: seconds }));
}

/** What follows from the images and Secrets of this cluster. */
function ownValues(tags) {
  const services = Object.entries(imageOf).map(([service, image]) => [service, { image: { tag: tags[image] } }]);
  const values = Object.fromEntries(services);
  values.gateway.trust = JSON.parse(readFileSync(path.join(secrets, "trust.json"), "utf8"));
  return values;
}

/**
 * Builds every image and loads those that changed; answers the tag of each. A tag follows from the content, so pods are replaced
 * exactly when their image is another.
 */
function loadImages() {
  const lines = imageLines();
  const record = path.join(runFolder, "images.json");
  const loaded = existsSync(record) ? JSON.parse(readFileSync(record, "utf8")) : {};
  const tags = {};
  for (const line of lines) {
    const { name, digest, sizeBytes } = JSON.parse(line);
    const [, repository, short] = /^(.*\/([^/:]+)):built$/.exec(name);
    tags[short] = digest.slice(7, 19);
    say(`${repository}:${tags[short]} ${(sizeBytes / 1e6).toFixed(0)} MB`);
    if (loaded[short]?.digest === digest) continue;
    const file = path.join(images, `${short}.tar`);
    execute(clusterScript, ["load", file, name, `${repository}:${tags[short]}`], { quiet: true });
    loaded[short] = { digest, sizeBytes };
  }
  writeFileSync(record, JSON.stringify(loaded, null, 2));
  return tags;
}

/** What images.sh printed; it runs again when anything that images are made of changed. */
function imageLines() {
  const skip = ["-name", "node_modules", "-prune", "-o"];
  const made = ["-type", "f", "(", "-path", "*/dist/*", "-o", "-name", "upstream*.ts", "-o", "-name", "*.sql", ")"];
  const built = ["services", "packages", "test/acceptance/network", ...skip, ...made];
  const scripts = [
    "deploy",
    "pnpm-lock.yaml",
    "-type",
    "f",
    "-not",
    "-path",
    "*/infrastructure/*",
    "-not",
    "-path",
    "*/values/*",
    "-not",
    "-path",
    "*/cluster/*.mjs",
  ];
  const print = ["-printf", "%p %s %T@\n"];
  const listing = [built, scripts]
    .map((what) => execute("find", [...what, ...print], { cwd: root, quiet: true }))
    .join("");
  const stamp = createHash("sha256").update(listing.split("\n").sort().join("\n")).digest("hex");
  const record = path.join(images, `${stamp}.jsonl`);
  if (!existsSync(record)) {
    rmSync(images, { recursive: true, force: true });
    mkdirSync(images, { recursive: true });
    writeFileSync(record, execute(path.join(here, "images.sh"), [images, "built"], { quiet: true }));
  }
  return readFileSync(record, "utf8").trim().split("\n");
}

/** The API server refuses every pod that does not meet the restricted standard. */
function namespace(name) {
  const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
  apply([{ apiVersion: "v1", kind: "Namespace", metadata: { name, labels } }]);
}

/** Keys and certificates, made once for the cluster with the command that operators use, as the Secrets that profiles name. */
function makeSecrets(namespace) {
  if (!existsSync(path.join(secrets, "chain", "genesis.json")))
    execute(nodePath(), [path.join(root, "services/node/dist/main.js"), "secrets", secrets]);
  const database = `postgres://koinon:${password()}@postgres.${infrastructure}.svc:5432/koinon`;
  const added = {
    gateway: { GATEWAY_DATABASE_URL: database, REDIS_URL: `redis://redis.${infrastructure}.svc:6379` },
    market: { MARKET_DATABASE_URL: database },
    poi: { POI_DATABASE_URL: database },
    provider: { PROVIDER_ENGINE_API_KEY: "none" },
    chain: {},
  };
  for (const [service, more] of Object.entries(added)) {
    secret(namespace, `koinon-${service}`, { ...filesOf(path.join(secrets, service, "env")), ...more });
    secret(namespace, `koinon-${service}-tls`, filesOf(path.join(secrets, service, "tls")));
  }
  const data = { "genesis.json": readFileSync(path.join(secrets, "chain", "genesis.json"), "utf8") };
  apply([{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "koinon-chain-genesis", namespace }, data }]);
}

function secret(namespace, name, stringData) {
  apply([{ apiVersion: "v1", kind: "Secret", metadata: { name, namespace }, stringData }]);
}

function filesOf(folder) {
  if (!existsSync(folder)) return {};
  return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(path.join(folder, name), "utf8")]));
}

function password() {
  const file = path.join(runFolder, "database-password");
  if (!existsSync(file)) writeFileSync(file, randomBytes(16).toString("hex"), { mode: 0o600 });
  return readFileSync(file, "utf8");
}

function installInfrastructure(tags, replicas) {
  const settings = {
    password: password(),
    tags,
    ...(replicas === undefined ? {} : { nats: { replicas: Number(replicas) } }),
  };
  const place = ["--namespace", infrastructure, "--wait", "--timeout", "3m", "--reuse-values", "--values", "-"];
  const chart = path.join(here, "infrastructure");
  cluster(["helm", "upgrade", "--install", "infrastructure", chart, ...place], {
    input: JSON.stringify(settings),
    quiet: true,
  });
}

/** A volume with a model store, under the claim that the profiles name. */
function models(namespace) {
  const store = path.join(runFolder, "volumes", "models");
  if (!existsSync(store)) {
    const fetched = `${store}.fetched`;
    const add = ["model", "add", "smollm2-135m-instruct", "--models", fetched];
    execute(nodePath(), [path.join(root, "packages/cli/bin/koinon.mjs"), ...add], { cwd: root });
    execute("chmod", ["-R", "a+rX", fetched]);
    renameSync(fetched, store);
  }
  const name = `models-${namespace}`;
  const shared = { accessModes: ["ReadOnlyMany"], storageClassName: "" };
  apply([
    {
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: { name },
      spec: { ...shared, capacity: { storage: "4Gi" }, hostPath: { path: store, type: "Directory" } },
    },
    {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: "koinon-models", namespace },
      spec: { ...shared, volumeName: name, resources: { requests: { storage: "1Gi" } } },
    },
  ]);
}

/** Values, and behind them what they need on this cluster: values/<name of the file>. */
function withOwn(file) {
  const own = path.join(here, "values", path.basename(file));
  return existsSync(own) && own !== file ? [file, own] : [file];
}
