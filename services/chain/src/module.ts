import { ChainServiceDefinition } from "@koinon/contracts/koinon/chain/v1/chain_service";
import { systemClock } from "@koinon/runtime/clock";
import type { ModuleDefinition } from "@koinon/runtime/module";
import { type ChainModuleConfig, chainConfig } from "./config.ts";
import { RemoteShard } from "./remote-shard.ts";
import { Shard } from "./shard.ts";

/** A shard of the chain as a host runs it. */
export const chainModule: ModuleDefinition<ChainModuleConfig> = {
  name: "chain",
  config: chainConfig,
  provides: [ChainServiceDefinition],
  requires: [],
  create: async (config, dependencies) => {
    const own = { ...dependencies, clock: { ...systemClock, now: () => dependencies.clock.now() } };
    return config.engineUrl === undefined
      ? await Shard.open(config, own)
      : await RemoteShard.open(config, config.engineUrl, own);
  },
};
