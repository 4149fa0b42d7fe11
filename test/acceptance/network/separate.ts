import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { openProviderKeys } from "@koinon/compute/provider/keys";
import { freePorts } from "@koinon/machine/free-port";
import { createKoinonDomain } from "@koinon/receipts/domain";
import { parseTrust, trustToJson } from "@koinon/receipts/trust";
import { systemClock } from "@koinon/runtime/clock";
import { systemRandom } from "@koinon/runtime/random";
import { type Child, startChild } from "@koinon/testkit/child-process";
import { startNats } from "@koinon/testkit/nats-server";
import { startTestPostgres } from "@koinon/testkit/postgres";
import { startRedis } from "@koinon/testkit/redis-server";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { waitFor } from "@koinon/testkit/wait-for";
import { type AnchorChain, startAnchorChain } from "./anchor-chain.ts";
import { createKey } from "./client.ts";
import { koinonBin } from "./koinon-command.ts";
import type { Network } from "./network.ts";
import { upstreamModel } from "./upstream.ts";

const services = fileURLToPath(new URL("../../../services", import.meta.url));

interface Plan {
  readonly name: string;
  readonly service: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A network of separate processes, and the shard that its log is anchored to. */
export interface SeparateNetwork extends Network {
  readonly chain: AnchorChain;
}

/** Every service in a process of its own, over mutual TLS, with real PostgreSQL, NATS JetStream and Redis; poi anchors to a shard. */
export async function startSeparate(upstreamUrl: string): Promise<SeparateNetwork> {
  const folder = await temporaryFolder("koinon-separate-");
  const postgres = await startTestPostgres({ durability: "full" });
  const nats = await startNats();
  const redis = await startRedis();
  const database = (await postgres.database()).url;
  const chain = await startAnchorChain(folder.path);
  const stops: (() => Promise<void>)[] = [chain.stop, postgres.stop, nats.stop, redis.stop, folder.remove];

  const secretsOf = await makeSecrets(folder.path);
  const [market, poi, gateway, ...providerPorts] = await freePorts(3 + providerNames.length);
  const port = { market, poi, gateway };
  const trustFile = await trustProviders(folder.path);
  const adminKey = readFileSync(secretsOf("gateway").GATEWAY_ADMINISTRATOR_KEY_FILE as string, "utf8");
  const bus = { NATS_URL: nats.url };
  const plans: Plan[] = [
    {
      name: "market",
      service: "market",
      env: { ...secretsOf("market"), ...bus, RPC_LISTEN: `127.0.0.1:${port.market}`, MARKET_DATABASE_URL: database },
    },
    {
      name: "poi",
      service: "poi",
      env: {
        ...secretsOf("poi"),
        ...bus,
        ...chain.env,
        RPC_LISTEN: `127.0.0.1:${port.poi}`,
        POI_DATABASE_URL: database,
      },
    },
    {
      name: "gateway",
      service: "gateway",
      env: {
        ...secretsOf("gateway"),
        MARKET_ADDRESS: `localhost:${port.market}`,
        POI_ADDRESS: `localhost:${port.poi}`,
        GATEWAY_PORT: String(port.gateway),
        GATEWAY_DATABASE_URL: database,
        GATEWAY_TRUST_FILE: trustFile,
        REDIS_URL: redis.url,
      },
    },
  ];
  for (const [index, name] of providerNames.entries()) {
    const listen = providerPorts[index];
    const env = {
      ...secretsOf("provider"),
      RPC_LISTEN: `127.0.0.1:${listen}`,
      MARKET_ADDRESS: `localhost:${port.market}`,
      PROVIDER_NAME: name,
      PROVIDER_ENDPOINT: `localhost:${listen}`,
      PROVIDER_DATA_DIR: path.join(folder.path, name),
      PROVIDER_ENGINE_URL: upstreamUrl,
      PROVIDER_CAPACITY: "256",
      PROVIDER_OFFERS: JSON.stringify([{ model: upstreamModel, inputPrice: "100000", outputPrice: "300000" }]),
    };
    plans.push({ name, service: "provider", env });
  }

  for (const service of ["compute", "poi", "gateway"]) await migrate(service, database);
  const children = new Map<string, Child>();
  const url = `http://127.0.0.1:${port.gateway}`;
  const servers: Record<string, { kill(): Promise<void>; restart(): Promise<void> }> = { postgres, nats, redis };
  const down = new Set<string>();
  const start = async () => {
    for (const plan of plans) {
      if (children.get(plan.name)?.isRunning() !== true) children.set(plan.name, await launch(plan));
    }
    await waitFor(() => healthyProviders(url, adminKey, providerNames.length), {
      deadlineMs: 60_000,
      intervalMs: 100,
      what: "the network serves",
    });
  };
  const network = {
    url,
    apiKey: "",
    adminKey,
    trustFile,
    chain,
    killable: [...plans.map(({ name }) => name), ...Object.keys(servers)],
    async kill(name: string) {
      await (children.get(name) ?? servers[name])?.kill();
      down.add(name);
    },
    async recover() {
      for (const name of down) await servers[name]?.restart();
      down.clear();
      await start();
    },
    async stop() {
      await Promise.all([...children.values()].map((child) => child.stop()));
      for (const stop of stops) await stop();
    },
  };
  await start();
  network.apiKey = (await createKey(network, 100_000_000n)).key;
  return network;
}

const providerNames = ["aspen", "birch", "cedar"];

function launch({ service, env }: Plan): Promise<Child> {
  return startChild({
    command: process.execPath,
    args: [koinonBin, "start", service],
    env: { ...env, LOG_LEVEL: "info" },
    ready: /process ready/,
    deadlineMs: 60_000,
  });
}

async function migrate(service: string, database: string): Promise<void> {
  const owner = service === "compute" ? "MARKET" : service.toUpperCase();
  const child = await startChild({
    command: process.execPath,
    args: [path.join(services, service, "dist/main.js"), "migrate"],
    env: { [`${owner}_DATABASE_URL`]: database },
  });
  const { code } = await child.exited;
  if (code !== 0) throw new Error(`migrating ${service} ended with ${code}:\n${child.lines.join("\n")}`);
}

/** Secrets, certificates and the trust file, made by the command that operators use. */
async function makeSecrets(folder: string): Promise<(service: string) => Record<string, string>> {
  const secrets = path.join(folder, "secrets");
  const child = await startChild({
    command: process.execPath,
    args: [path.join(services, "node/dist/main.js"), "secrets", secrets],
  });
  const { code } = await child.exited;
  if (code !== 0) throw new Error(`making secrets ended with ${code}:\n${child.lines.join("\n")}`);
  return (service) => {
    const file = (...parts: string[]) => path.join(secrets, service, ...parts);
    const variables = existsSync(file("env")) ? readdirSync(file("env")) : [];
    return {
      ...Object.fromEntries(variables.map((name) => [`${name}_FILE`, file("env", name)])),
      TLS_CA_FILE: file("tls", "ca.crt"),
      TLS_CERTIFICATE_FILE: file("tls", "tls.crt"),
      TLS_KEY_FILE: file("tls", "tls.key"),
    };
  };
}

/** Makes the providers' keys before their first start and adds them to the trust file of the secrets, as an operator does. */
async function trustProviders(folder: string): Promise<string> {
  const trustFile = path.join(folder, "secrets", "trust.json");
  const trust = parseTrust(readFileSync(trustFile));
  const providers = [];
  for (const name of providerNames) {
    const keysFolder = path.join(folder, name, "keys");
    const domain = createKoinonDomain(trust);
    const keys = await openProviderKeys(keysFolder, { domain, clock: systemClock, random: systemRandom });
    providers.push({ root: keys.provider, name });
  }
  writeFileSync(trustFile, JSON.stringify(trustToJson({ ...trust, providers })));
  return trustFile;
}

async function healthyProviders(url: string, adminKey: string, count: number): Promise<boolean> {
  const response = await fetch(`${url}/v1/providers`, { headers: { authorization: `Bearer ${adminKey}` } });
  const { data = [] } = (await response.json()) as { data?: { state: string }[] };
  return data.filter(({ state }) => state === "healthy").length === count;
}
