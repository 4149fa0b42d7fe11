import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { openProviderKeys } from "@koinon/compute/provider/keys";
import { createKoinonDomain } from "@koinon/receipts/domain";
import { trustToJson } from "@koinon/receipts/trust";
import { createAuthority, issueCertificate } from "@koinon/rpc/certificates";
import { systemClock } from "@koinon/runtime/clock";
import { systemRandom } from "@koinon/runtime/random";
import { zeroAddress } from "@koinon/secp256k1/address";
import { type Child, startChild } from "@koinon/testkit/child-process";
import { freePort } from "@koinon/testkit/free-port";
import { startNats } from "@koinon/testkit/nats-server";
import { startTestPostgres } from "@koinon/testkit/postgres";
import { startRedis } from "@koinon/testkit/redis-server";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { waitFor } from "@koinon/testkit/wait-for";
import { createSignerKey, formatSignerKey, formatVerifierKey } from "@koinon/tlog/note-key";
import { createKey } from "./client.ts";
import { koinonBin } from "./koinon-command.ts";
import type { Network } from "./network.ts";
import { upstreamModel } from "./upstream.ts";

const services = fileURLToPath(new URL("../../../services", import.meta.url));
const dayMs = 24 * 60 * 60_000;
const chainId = 31_337n;

interface Plan {
  readonly name: string;
  readonly service: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Every service in a process of its own, over mutual TLS, with real PostgreSQL, NATS JetStream and Redis. */
export async function startSeparate(upstreamUrl: string): Promise<Network> {
  const folder = await temporaryFolder("koinon-separate-");
  const postgres = await startTestPostgres({ durability: "full" });
  const nats = await startNats();
  const redis = await startRedis();
  const database = (await postgres.database()).url;
  const stops: (() => Promise<void>)[] = [postgres.stop, nats.stop, redis.stop, folder.remove];

  const tls = await createTls(folder.path);
  const port = { market: await freePort(), poi: await freePort(), gateway: await freePort() };
  const { trustFile, logKey } = await writeTrust(folder.path);
  const adminKey = `sk-koinon-${"0123456789abcdef"}-${"A".repeat(43)}`;
  const bus = { NATS_URL: nats.url };
  const plans: Plan[] = [
    {
      name: "market",
      service: "market",
      env: { ...(await tls("market")), ...bus, RPC_LISTEN: `127.0.0.1:${port.market}`, MARKET_DATABASE_URL: database },
    },
    {
      name: "poi",
      service: "poi",
      env: {
        ...(await tls("poi")),
        ...bus,
        RPC_LISTEN: `127.0.0.1:${port.poi}`,
        POI_DATABASE_URL: database,
        POI_LOG_KEY: logKey,
      },
    },
    {
      name: "gateway",
      service: "gateway",
      env: {
        ...(await tls("gateway")),
        MARKET_ADDRESS: `localhost:${port.market}`,
        POI_ADDRESS: `localhost:${port.poi}`,
        GATEWAY_PORT: String(port.gateway),
        GATEWAY_DATABASE_URL: database,
        GATEWAY_SEED: "5e".repeat(32),
        GATEWAY_TRUST_FILE: trustFile,
        GATEWAY_ADMINISTRATOR_KEY: adminKey,
        REDIS_URL: redis.url,
      },
    },
  ];
  for (const name of providerNames) {
    const listen = await freePort();
    const env = {
      ...(await tls("provider")),
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
    deadlineMs: 30_000,
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

/** An authority of this test, and for each service a certificate that names it. */
async function createTls(folder: string): Promise<(service: string) => Promise<Record<string, string>>> {
  const validity = { notBefore: systemClock.now() - dayMs, notAfter: systemClock.now() + dayMs };
  const authority = await createAuthority({ name: "acceptance", ...validity }, systemRandom);
  const file = (name: string, content: string) => {
    const location = path.join(folder, name);
    writeFileSync(location, content, { mode: 0o600 });
    return location;
  };
  const caFile = file("ca.crt", authority.certificatePem);
  return async (service) => {
    const issued = await issueCertificate(
      authority,
      { ...validity, services: [service], hosts: ["localhost"] },
      systemRandom,
    );
    return {
      TLS_CA_FILE: caFile,
      TLS_CERTIFICATE_FILE: file(`${service}.crt`, issued.certificatePem),
      TLS_KEY_FILE: file(`${service}.key`, issued.keyPem),
    };
  };
}

/** Makes the log's key and the providers' keys, as an operator does before the first start, and pins them. */
async function writeTrust(folder: string): Promise<{ trustFile: string; logKey: string }> {
  const log = createSignerKey("koinon.test/log/acceptance", "ed25519", systemRandom.bytes(32));
  const domain = createKoinonDomain({ chainId, verifyingContract: zeroAddress });
  const providers = [];
  for (const name of providerNames) {
    const keysFolder = path.join(folder, name, "keys");
    mkdirSync(keysFolder, { recursive: true });
    const keys = await openProviderKeys(keysFolder, { domain, clock: systemClock, random: systemRandom });
    providers.push({ root: keys.provider, name });
  }
  const trust = {
    chainId,
    verifyingContract: zeroAddress,
    logs: [{ origin: log.name, vkey: formatVerifierKey(log) }],
    witnesses: { vkeys: [], threshold: 0 },
    providers,
  };
  const trustFile = path.join(folder, "trust.json");
  writeFileSync(trustFile, JSON.stringify(trustToJson(trust)));
  return { trustFile, logKey: formatSignerKey(log) };
}

async function healthyProviders(url: string, adminKey: string, count: number): Promise<boolean> {
  const response = await fetch(`${url}/v1/providers`, { headers: { authorization: `Bearer ${adminKey}` } });
  const { data = [] } = (await response.json()) as { data?: { state: string }[] };
  return data.filter(({ state }) => state === "healthy").length === count;
}
