import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "@jest/globals";
import { MemoryBus } from "@koinon/bus/memory-bus";
import { generateApiKey } from "@koinon/gateway/keys/api-key";
import { systemClock } from "@koinon/runtime/clock";
import { Host } from "@koinon/runtime/host";
import { createLogger } from "@koinon/runtime/logger";
import { systemRandom } from "@koinon/runtime/random";
import { createTelemetry } from "@koinon/runtime/telemetry";
import { environmentOf } from "./environment.ts";
import { chartsDir } from "./helm.ts";
import {
  type Container,
  containersOf,
  layered,
  type Manifest,
  ofKind,
  podSpec,
  profile,
  refusal,
  render,
  setUps,
  workloads,
} from "./manifests.ts";
import { planOf } from "./plans.ts";
import { chartSchema, umbrellaSchema } from "./schemas/value-schemas.ts";
import { chartNames, type definitions } from "./services.ts";

const small = profile("small");

/** The small profile with one service's values changed. */
function changed(service: string, change: object): object {
  return { ...small, [service]: { ...small[service], ...change } };
}

/** The chain beside the small profile, with some of its values replaced. */
function withChain(change: object): object {
  const values = layered(small, profile("chain"));
  return { ...values, chain: { ...values.chain, ...change } };
}

const mainContainer = (workload: Manifest) => podSpec(workload).containers[0] as Container;

function without(service: string, part: "secrets" | "config", name: string): object {
  const { [name]: _, ...rest } = { ...(small[service]?.[part] as Record<string, unknown> | undefined) };
  return changed(service, { [part]: rest });
}

const settings = {
  market: { MARKET_SERVE_MS: 60_000, MARKET_ALLOWED_ROOTS: [`0x${"a".repeat(40)}`], LOG_LEVEL: "warn" },
};

describe("schemas of values", () => {
  test.each(chartNames)("%s: up to date (run pnpm schemas in test/charts)", (chart) => {
    const file = path.join(chartsDir, "charts", chart, "values.schema.json");
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(chartSchema(chart));
  });

  test("umbrella: up to date", () => {
    const file = path.join(chartsDir, "koinon", "values.schema.json");
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(umbrellaSchema());
  });

  test.each([
    ["a setting that nobody declares", { MARKET_FOO: 1 }, "additional properties 'MARKET_FOO' not allowed"],
    ["a setting of another service", { POI_BATCH_MAX: 1 }, "additional properties 'POI_BATCH_MAX' not allowed"],
    ["a variable that the chart sets", { NATS_URL: "x" }, "additional properties 'NATS_URL' not allowed"],
    ["text for a number", { MARKET_SERVE_MS: "soon" }, "at '/config/MARKET_SERVE_MS': got string, want integer"],
    ["a number out of bounds", { MARKET_SERVE_MS: 9 }, "at '/config/MARKET_SERVE_MS': minimum: got 9, want 10"],
    ["an unknown word", { LOG_LEVEL: "loud" }, "at '/config/LOG_LEVEL'"],
    ["a secret among the settings", { MARKET_DATABASE_URL: "postgres://" }, "'MARKET_DATABASE_URL' not allowed"],
  ])("refuse %s", (_what, config, message) => {
    expect(refusal(changed("market", { config }))).toContain(message);
  });

  test.each([
    ["market", "secrets", "MARKET_DATABASE_URL"],
    ["gateway", "secrets", "GATEWAY_DATABASE_URL"],
    ["gateway", "secrets", "GATEWAY_SEED"],
    ["poi", "secrets", "POI_DATABASE_URL"],
    ["poi", "secrets", "POI_LOG_KEY"],
    ["provider", "config", "PROVIDER_OFFERS"],
  ] as const)("refuse %s without %s.%s", (service, part, name) => {
    const message = refusal(without(service, part, name));
    expect(message).toContain(`${service}:`);
    expect(message).toContain(`at '/${part}': missing property '${name}'`);
  });

  test.each([
    [changed("market", { replica: 3 }), "additional properties 'replica' not allowed"],
    [changed("market", { image: { tag: 1 } }), "at '/image/tag': got number, want string"],
    [changed("market", { tls: {} }), "market.tls.secretName: name the Secret"],
    [changed("provider", { models: {} }), "provider.models.volume: the volume"],
    [changed("provider", { engine: { enabled: false } }), "provider.config.PROVIDER_ENGINE_URL: name an"],
    [changed("market", { enabled: false }), "addresses.market"],
    [withChain({ genesis: {} }), "chain.genesis: give the genesis file"],
    [
      withChain({ genesis: { content: "{}", configMap: "koinon-chain-genesis" } }),
      "chain.genesis: give the genesis file",
    ],
    [withChain({ tls: {} }), "chain.tls.secretName: name the Secret"],
    [withChain({ replicas: 2 }), "additional properties 'replicas' not allowed"],
    [withChain({ engineApi: { enabled: true } }), "chain.secrets.CHAIN_ENGINE_JWT"],
    [withChain({ config: { CHAIN_ENGINE_URL: "http://geth:8551" } }), "chain.secrets.CHAIN_ENGINE_JWT"],
    [withChain({ config: { CHAIN_DATA: "/data" } }), "additional properties 'CHAIN_DATA' not allowed"],
    [withChain({ ingress: { enabled: true, host: "rpc.example.org" } }), "chain.network.httpFrom"],
    [{ ...small, global: {} }, "global.natsUrl: name the NATS servers"],
    [{ ...small, globl: {} }, "additional properties 'globl' not allowed"],
    [{ ...small, global: { ...small.global, chainId: "0x1" } }, "at '/global/chainId'"],
    [{ ...small, global: { ...small.global, natsPrefix: "a.b" } }, "at '/global/natsPrefix'"],
    [{ ...small, global: { ...small.global, natsPrefix: "koinon-dlq" } }, "at '/global/natsPrefix'"],
    [changed("market", { config: { NATS_PREFIX: "mine" } }), "additional properties 'NATS_PREFIX' not allowed"],
  ])("refuse other mistakes with their place %#", (values, message) => {
    expect(refusal(values)).toContain(message);
  });
});

describe("the environment of processes", () => {
  test.each(Object.entries(setUps))("%s gives each process what it needs and nothing unknown", (_, values) => {
    const manifests = render(values);
    for (const workload of workloads(manifests)) {
      for (const container of containersOf(workload)) {
        const { plan, unknown } = planOfContainer(container, manifests);
        expect([container.name, plan.parts.length]).toEqual([container.name, 1]);
        expect([container.name, unknown]).toEqual([container.name, []]);
      }
    }
  });

  test("whole numbers, lists and lists of objects arrive as the services read them", () => {
    const manifests = render({
      ...changed("market", { config: { ...settings.market, MARKET_ANSWER_BYTES_MAX: 100_000_000 } }),
      global: {
        ...small.global,
        config: { LOG_LEVEL: "debug", OTEL_EXPORTER_OTLP_ENDPOINT: "http://otel:4318" },
        chainId: 84_532,
      },
    });
    const data = (service: string) => ofKind(manifests, "ConfigMap").get(`net-${service}`)?.data;
    expect(data("market")).toMatchObject({
      MARKET_SERVE_MS: "60000",
      MARKET_ANSWER_BYTES_MAX: "100000000",
      MARKET_ALLOWED_ROOTS: `0x${"a".repeat(40)}`,
      LOG_LEVEL: "warn",
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://otel:4318",
    });
    expect(data("poi")).toMatchObject({ LOG_LEVEL: "debug" });
    expect(JSON.parse(data("provider")?.PROVIDER_OFFERS ?? "")).toHaveLength(1);
    const market = ofKind(manifests, "Deployment").get("net-market") as Manifest;
    expect(planOfContainer(mainContainer(market), manifests).plan.parts[0]?.config).toMatchObject({
      chainId: 84_532n,
      serveMs: 60_000,
      answerBytesMax: 100_000_000,
    });
  });

  test("TLS to NATS comes from a Secret, for those that speak to NATS", () => {
    const natsTls = { secretName: "koinon-nats-tls", clientCertificate: true };
    const manifests = render({ ...small, global: { ...small.global, natsTls } });
    for (const [service, speaks] of Object.entries({ market: true, poi: true, gateway: false })) {
      const deployment = ofKind(manifests, "Deployment").get(`net-${service}`) as Manifest;
      const { plan, unknown } = planOfContainer(mainContainer(deployment), manifests);
      const { natsCaFile, natsKeyFile } = plan.config;
      const files = speaks ? ["/etc/koinon/nats/ca.crt", "/etc/koinon/nats/tls.key"] : [undefined, undefined];
      expect([service, natsCaFile, natsKeyFile, unknown]).toEqual([service, ...files, []]);
      const mounted = podSpec(deployment).volumes?.some(({ name }) => name === "nats");
      expect([service, mounted]).toEqual([service, speaks]);
    }
  });

  test("a network's prefix in NATS reaches those that speak to NATS, and is koinon unless given", () => {
    for (const [natsPrefix, expected] of [
      ["", "koinon"],
      ["second-net", "second-net"],
    ]) {
      const manifests = render({ ...small, global: { ...small.global, natsPrefix } });
      for (const service of ["market", "poi"]) {
        const deployment = ofKind(manifests, "Deployment").get(`net-${service}`) as Manifest;
        const { plan, unknown } = planOfContainer(mainContainer(deployment), manifests);
        expect([service, plan.config.natsPrefix, unknown]).toEqual([service, expected, []]);
      }
    }
  });

  test("pods get as long to end as the phases of their end may take", () => {
    for (const drain of [1_000, 60_000, 600_000]) {
      const manifests = render({ ...small, global: { ...small.global, config: { SHUTDOWN_DRAIN_MS: drain } } });
      const poi = ofKind(manifests, "Deployment").get("net-poi") as Manifest;
      const { plan } = planOfContainer(mainContainer(poi), manifests);
      const { clock, random } = { clock: systemClock, random: systemRandom };
      const log = createLogger({ name: "test", level: "silent", clock });
      const telemetry = createTelemetry({ service: "test", metrics: false }, clock);
      // Without certificates, which are no files here.
      const config = { ...plan.config, certificateFile: undefined };
      const host = new Host({ ...plan, config }, { clock, random, log, telemetry, bus: new MemoryBus({}, { clock }) });
      // After the host's phases the process closes bus and telemetry; each phase has a second to react to its end.
      const phases = [...host.shutdownPhases().map(({ timeoutMs }) => timeoutMs), 5_000, 5_000, 2_000];
      const longestMs = phases.reduce((sum, ms) => sum + ms + 1_000, 0);
      expect([drain, (podSpec(poi).terminationGracePeriodSeconds as number) * 1_000]).toEqual([drain, longestMs]);
    }
  });
});

/** The plan that the container's process would make of its environment. */
function planOfContainer(container: Container, manifests: readonly Manifest[]) {
  const secrets: Record<string, string> = { GATEWAY_SEED: "0".repeat(64), MARKET_PAGE_TOKEN_KEY: "0".repeat(64) };
  secrets.GATEWAY_ADMINISTRATOR_KEY = generateApiKey(systemRandom).text;
  const facts = { podName: "net-provider-0", secret: (_name: string, key: string) => secrets[key] ?? "given" };
  const { POD_NAME: _, POD_IP: __, ...env } = environmentOf(container, manifests, facts);
  return planOf(container.name as keyof typeof definitions, env);
}
