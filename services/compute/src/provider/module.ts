import { mkdir } from "node:fs/promises";
import path from "node:path";
import { EngineServiceDefinition } from "@koinon/contracts/koinon/compute/v1/engine_service";
import { MarketServiceDefinition } from "@koinon/contracts/koinon/compute/v1/market_service";
import { ProviderServiceDefinition } from "@koinon/contracts/koinon/compute/v1/provider_service";
import { type FolderLock, lockFolder } from "@koinon/machine/folder-lock";
import { createKoinonDomain } from "@koinon/receipts/domain";
import { bindService, type ServiceBinding } from "@koinon/rpc/binding";
import type { Module, ModuleDefinition, ModuleDependencies } from "@koinon/runtime/module";
import { type ProviderConfig, providerConfig } from "./config.ts";
import { chooseEngine } from "./engine-choice.ts";
import { providerFaults } from "./fault-table.ts";
import { ReceiptJournal } from "./journal/receipt-journal.ts";
import { openProviderKeys } from "./keys/provider-keys.ts";
import { createProviderMetrics } from "./metrics.ts";
import { Provider } from "./provider.ts";

/** Consumers whose chain is remembered; one takes about 300 bytes. */
const sessionsMax = 50_000;
/** A body of 32 MiB, which the gateway's limit stays under, and the fields around it. */
const requestBytesMax = 33 * 1024 * 1024;

/** The role `provider`: one party's inference endpoint. */
export const providerModule: ModuleDefinition<ProviderConfig> = {
  name: "provider",
  config: providerConfig,
  provides: [ProviderServiceDefinition],
  requires: [
    { definition: MarketServiceDefinition, from: "market", optional: false },
    { definition: EngineServiceDefinition, from: "engine", optional: true },
  ],
  create: createProviderModule,
};

/** Throws DATA_FOLDER_IN_USE while another provider, of any process, works in the data folder: two would fork its sessions and its journal. */
async function createProviderModule(config: ProviderConfig, deps: ModuleDependencies): Promise<Module> {
  await mkdir(config.dataDir, { recursive: true });
  const lock = await lockFolder(config.dataDir);
  try {
    return await openProvider(config, deps, lock);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function openProvider(config: ProviderConfig, deps: ModuleDependencies, lock: FolderLock): Promise<Module> {
  const { clock, random, meter } = deps;
  const log = deps.log.child({ provider: config.name });
  const domain = createKoinonDomain(config);
  const engine = chooseEngine(config, deps.optionalClient(EngineServiceDefinition), { clock });
  const keys = await openProviderKeys(path.join(config.dataDir, "keys"), { domain, clock, random });
  const journal = ReceiptJournal.open(
    { folder: config.dataDir, pendingMax: config.pendingMax, sessionsMax },
    { onSyncFailure: (err) => log.error({ err }, "receipt journal can not be synced") },
  );
  if (journal.tornBytes > 0) log.warn({ tornBytes: journal.tornBytes }, "receipt journal had a torn end");
  const market = deps.client(MarketServiceDefinition);
  const gauges = {
    active: () => provider.active,
    queued: () => provider.queued,
    pendingReceipts: () => journal.pendingCount,
  };
  const metrics = createProviderMetrics(meter, gauges);
  const provider = new Provider(config, { engine, market, domain, keys, journal, metrics, clock, random, log });
  return {
    name: `provider:${config.name}`,
    services: [bindProvider(provider, config)],
    start: async () => provider.start(),
    quiesce: (signal) => provider.drain(signal),
    stop: async (signal) => {
      await provider.stop(signal);
      await lock.release();
    },
    health: () => provider.health(),
  };
}

function bindProvider(provider: Provider, { capacity, queueMax }: ProviderConfig): ServiceBinding {
  return bindService({
    definition: ProviderServiceDefinition,
    callers: ["market"],
    faults: providerFaults,
    // Above the provider's own bound, whose refusal says more.
    limits: { maxConcurrent: capacity + queueMax + 16, maxRequestBytes: requestBytesMax, maxTimeoutMs: 60 * 60_000 },
    handlers: { serve: (request, context) => provider.serve(request, context.signal) },
  });
}
