import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { MemoryBus } from "@koinon/bus/memory-bus";
import { newGenesisText } from "@koinon/ethereum/new-genesis";
import { systemClock } from "@koinon/runtime/clock";
import { ConfigReader } from "@koinon/runtime/config";
import { createLogger } from "@koinon/runtime/logger";
import type { Module } from "@koinon/runtime/module";
import { systemRandom } from "@koinon/runtime/random";
import { createNoopMeter, type Meter, trace } from "@opentelemetry/api";
import { type ChartName, definitions } from "./services.ts";

// Nothing connects before a module starts, and none is started here.
const env = {
  ...{ GATEWAY_DATABASE_URL: "postgres://127.0.0.1:1/none", GATEWAY_SEED: "00".repeat(32) },
  ...{ MARKET_DATABASE_URL: "postgres://127.0.0.1:1/none", POI_DATABASE_URL: "postgres://127.0.0.1:1/none" },
  // The example key of https://pkg.go.dev/golang.org/x/mod/sumdb/note.
  POI_LOG_KEY: "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz",
  ...{ PROVIDER_NAME: "test", PROVIDER_ENDPOINT: "127.0.0.1:1", PROVIDER_ENGINE_URL: "http://127.0.0.1:1/v1" },
  PROVIDER_OFFERS: '[{"model":"m","inputPrice":"1","outputPrice":"1"}]',
};

/** Creates modules without starting them; `meter` sees every metric that they declare. */
export async function createModules<T>(
  charts: readonly ChartName[],
  meter: Meter,
  use: (chart: ChartName, module: Module) => T,
): Promise<T[]> {
  const folder = await mkdtemp(path.join(tmpdir(), "koinon-charts-"));
  const log = createLogger({ name: "test", level: "silent", clock: systemClock });
  const bus = new MemoryBus({}, { clock: systemClock });
  const client = () => ({}) as never;
  const deps = {
    ...{ clock: systemClock, random: systemRandom, log, meter, tracer: trace.getTracer("test"), bus },
    ...{ client, optionalClient: client, connect: () => ({ client: client(), close: () => undefined }) },
    fail: () => undefined,
  };
  try {
    const results: T[] = [];
    for (const chart of charts) {
      const [data, genesis] = [path.join(folder, "chain"), path.join(folder, "genesis.json")];
      await writeFile(genesis, newGenesisText({ chainId: 1n, gasLimit: 5_000n, timestamp: 0n, balances: new Map() }));
      const reader = new ConfigReader({
        env: { ...env, PROVIDER_DATA_DIR: folder, CHAIN_DATA: data, CHAIN_GENESIS: genesis },
        readFile: () => "",
      });
      const config = reader.read(chart, definitions[chart].config);
      reader.finish();
      const module = await definitions[chart].create(config, deps);
      results.push(use(chart, module));
      // The only one that opens something before it starts.
      if (chart === "chain") await module.stop(new AbortController().signal);
    }
    return results;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Callers that each service of the given charts accepts. */
export async function bindingsOf(
  charts: readonly ChartName[],
): Promise<{ readonly chart: ChartName; readonly callers: readonly string[] }[]> {
  const bindings = await createModules(charts, createNoopMeter(), (chart, { services }) =>
    services.map(({ callers }) => ({ chart, callers: callers === "any" ? [callers] : callers })),
  );
  return bindings.flat();
}
