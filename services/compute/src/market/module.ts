import { AccountServiceDefinition } from "@koinon/contracts/koinon/compute/v1/account_service";
import { MarketServiceDefinition } from "@koinon/contracts/koinon/compute/v1/market_service";
import { ProviderServiceDefinition } from "@koinon/contracts/koinon/compute/v1/provider_service";
import type { Module, ModuleDefinition, ModuleDependencies } from "@koinon/runtime/module";
import { type MarketConfig, marketConfig } from "./config.ts";
import { loggedEvents } from "./events/logged-consumer.ts";
import { Market } from "./market.ts";
import { openPostgresStorage } from "./postgres-storage.ts";
import { RpcProviderConnector } from "./rpc/provider-connector.ts";

/** The role `market` as a host runs it. */
export const marketModule: ModuleDefinition<MarketConfig> = {
  name: "market",
  config: marketConfig,
  provides: [MarketServiceDefinition, AccountServiceDefinition],
  requires: [],
  consumes: [loggedEvents],
  create: createMarketModule,
};

/** Builds the market over PostgreSQL and the host's transport. */
export async function createMarketModule(config: MarketConfig, deps: ModuleDependencies): Promise<Module> {
  const { clock, random, log, meter, bus, connect } = deps;
  const connector = new RpcProviderConnector(
    { kinds: config.endpointKinds, connectionsMax: config.connectionsMax },
    { open: (address) => connect(ProviderServiceDefinition, { address, server: "provider" }) },
  );
  const storage = openPostgresStorage(config, { bus, log });
  return new Market(config, { storage, connector, clock, random, log, meter, bus });
}
