import { ChainServiceDefinition } from "@koinon/contracts/koinon/chain/v1/chain_service";
import { type SystemClock, systemClock } from "@koinon/runtime/clock";
import type { ModuleDefinition, ModuleDependencies } from "@koinon/runtime/module";
import { type ChainModuleConfig, chainConfig } from "./config.ts";
import { ChainError } from "./errors.ts";
import { RemoteShard } from "./remote-shard.ts";
import { Shard } from "./shard.ts";

/** A shard of the chain as a host runs it. */
const shardModule: ModuleDefinition<ChainModuleConfig> = {
  name: "chain",
  config: chainConfig,
  provides: [ChainServiceDefinition],
  requires: [],
  create: (config, dependencies) => Shard.open(config, withSystemClock(dependencies)),
};

/** The proposer alone, over the engine of another client: it has no chain to serve. */
const remoteShardModule: ModuleDefinition<ChainModuleConfig> = {
  ...shardModule,
  provides: [],
  create: async (config, dependencies) => {
    if (config.engineUrl === undefined) {
      throw new ChainError({ code: "SETTING_INVALID", variable: "CHAIN_ENGINE_URL", reason: "is not set" });
    }
    return RemoteShard.open(config, config.engineUrl, withSystemClock(dependencies));
  },
};

/** The module that the settings ask for: what a host serves is known before settings are read, so it can not decide later. */
export function chainModuleFor(env: Readonly<Record<string, string | undefined>>): ModuleDefinition<ChainModuleConfig> {
  const { CHAIN_ENGINE_URL = "" } = env;
  return CHAIN_ENGINE_URL === "" ? shardModule : remoteShardModule;
}

function withSystemClock(dependencies: ModuleDependencies): ModuleDependencies & { readonly clock: SystemClock } {
  return { ...dependencies, clock: { ...systemClock, now: () => dependencies.clock.now() } };
}
