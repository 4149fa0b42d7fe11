import { AccountServiceDefinition } from "@koinon/contracts/koinon/compute/v1/account_service";
import { MarketServiceDefinition } from "@koinon/contracts/koinon/compute/v1/market_service";
import { ProviderServiceDefinition } from "@koinon/contracts/koinon/compute/v1/provider_service";
import type { ModuleDefinition } from "@koinon/runtime/module";
import { type MarketConfig, marketConfig } from "./config.ts";
import { Market } from "./market.ts";
import { createPostgresStorage } from "./postgres-storage.ts";
import { RpcProviderConnector } from "./rpc/provider-connector.ts";

/** The role `market`; it dials providers at the addresses that they announce. */
export const marketModule: ModuleDefinition<MarketConfig> = {
  name: "market",
  config: marketConfig,
  provides: [MarketServiceDefinition, AccountServiceDefinition],
  requires: [],
  create: async (config, deps) => {
    const database = { url: config.databaseUrl.reveal(), poolSize: config.databasePoolSize };
    const storage = createPostgresStorage(database, deps);
    const connector = new RpcProviderConnector(
      { kinds: config.endpointKinds, connectionsMax: config.connectionsMax },
      { open: (address) => deps.connect(ProviderServiceDefinition, { address, server: "provider" }) },
    );
    return new Market(config, { ...deps, storage, connector });
  },
};
