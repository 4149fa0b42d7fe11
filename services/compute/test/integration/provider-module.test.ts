import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { Endpoint } from "@koinon/contracts/koinon/compute/v1/inference";
import { ProviderServiceDefinition } from "@koinon/contracts/koinon/compute/v1/provider_service";
import { createClient } from "@koinon/rpc/client";
import { LocalServices } from "@koinon/rpc/in-process";
import { ConfigReader } from "@koinon/runtime/config";
import { createLogger } from "@koinon/runtime/logger";
import type { Module, ModuleDependencies } from "@koinon/runtime/module";
import { hexToBytes } from "@koinon/secp256k1/hex";
import { SeededRandom } from "@koinon/testkit/seeded-random";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { waitFor } from "@koinon/testkit/wait-for";
import { trace } from "@opentelemetry/api";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import type { ProviderConfig } from "../../src/provider/config.ts";
import { providerModule } from "../../src/provider/module.ts";
import { type MockUpstream, startMockUpstream } from "../fixtures/mock-upstream.ts";
import { systemClock, TestMarket } from "../fixtures/test-provider.ts";

// The module as a host runs it: configuration from text, services over the in-process transport, metrics that arrive.
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let upstream: MockUpstream;
let module: Module;
let settings: ProviderConfig;
let dependencies: ModuleDependencies;
const market = new TestMarket();
const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
const meters = new MeterProvider({ readers: [reader] });
const services = new LocalServices({ clock: systemClock });

beforeAll(async () => {
  folder = await temporaryFolder();
  upstream = await startMockUpstream();
  const env = {
    PROVIDER_NAME: "alpha",
    PROVIDER_ENDPOINT: "local:alpha",
    PROVIDER_DATA_DIR: folder.path,
    PROVIDER_ENGINE_URL: upstream.baseUrl,
    PROVIDER_OFFERS: '[{"model":"m","inputPrice":"100","outputPrice":"200"}]',
  };
  const config = new ConfigReader({ env, readFile: () => "" });
  settings = config.read("provider", providerModule.config);
  config.finish();
  dependencies = {
    ...{
      clock: systemClock,
      random: new SeededRandom("module"),
      meter: meters.getMeter("provider"),
      tracer: trace.getTracer("test"),
    },
    log: createLogger({ name: "test", level: "silent", clock: systemClock }),
    client: () => market.client as never,
    optionalClient: () => undefined,
    connect: () => {
      throw new Error("a provider connects to nobody by address");
    },
    bus: undefined as never,
    fail: (error) => {
      throw error;
    },
  };
  module = await providerModule.create(settings, dependencies);
  for (const binding of module.services) services.add(binding);
  await module.start(AbortSignal.timeout(5_000));
  await waitFor(() => module.health().status === "serving", { what: "the provider to serve" });
});

afterAll(async () => {
  await module.stop(AbortSignal.timeout(5_000));
  await meters.shutdown();
  await upstream.close();
  await folder.remove();
});

async function serve(caller: string, changes: object = {}): Promise<string[]> {
  const client = createClient(ProviderServiceDefinition, services.channel(caller), {}, { clock: systemClock });
  const offer = market.registration?.offers[0];
  const request = {
    ...{
      requestId: Buffer.alloc(32).fill(Date.now() % 251, 16),
      consumer: Buffer.alloc(20, 1),
      endpoint: Endpoint.CHAT_COMPLETIONS,
      maxFee: "1000",
      settledReceipts: [],
    },
    body: Buffer.from(JSON.stringify({ model: "m", stream: true, messages: [] })),
    manifestHash: hexToBytes(offer?.subject ?? "0x"),
    priceId: hexToBytes(offer?.priceId ?? "0x"),
    ...changes,
  };
  const parts: string[] = [];
  for await (const { part } of client.serve(request)) parts.push(part?.$case ?? "");
  return parts;
}

test("the market is served, nobody else is, and faults arrive by code", async () => {
  const parts = await serve("market");
  expect([parts[0], parts.at(-1)]).toEqual(["head", "receipt"]);
  await expect(serve("gateway")).rejects.toMatchObject({ code: "CALLER_REFUSED" });
  await expect(serve("market", { priceId: Buffer.alloc(32) })).rejects.toMatchObject({
    code: "PRICE_UNKNOWN",
    status: "FAILED_PRECONDITION",
  });
  await expect(serve("market", { maxFee: "" })).rejects.toMatchObject({
    code: "FIELD_INVALID",
    status: "INVALID_ARGUMENT",
  });
});

test("a second provider on the same data folder is refused, and what it takes is given back", async () => {
  await expect(providerModule.create(settings, dependencies)).rejects.toMatchObject({
    fault: { code: "DATA_FOLDER_IN_USE", pid: process.pid },
  });
  await waitFor(
    async () => (await serve("market", { requestId: Buffer.alloc(32, 3).fill(0, 0, 16) })).at(-1) === "receipt",
  );
  const other = { ...settings, dataDir: path.join(folder.path, "broken") };
  await mkdir(other.dataDir);
  await writeFile(path.join(other.dataDir, "keys"), "not a folder");
  for (const _ of ["a lock that was kept would refuse the second attempt", ""]) {
    await expect(providerModule.create(other, dependencies)).rejects.toThrow("EEXIST");
  }
});

test("everything that is declared is emitted", async () => {
  await waitFor(() => market.submitted.length > 0, { what: "the receipt to be handed in" });
  await reader.forceFlush();
  const names = exporter
    .getMetrics()
    .flatMap((batch) => batch.scopeMetrics.flatMap((scope) => scope.metrics.map(({ descriptor }) => descriptor.name)));
  expect(new Set(names)).toEqual(
    new Set([
      ...["provider.request.duration", "provider.first_byte", "provider.units", "provider.refused"],
      ...[
        "provider.receipts.submitted",
        "provider.receipts.pending",
        "provider.requests.active",
        "provider.requests.queued",
      ],
    ]),
  );
});
