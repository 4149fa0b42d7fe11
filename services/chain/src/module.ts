import { ChainServiceDefinition } from "@koinon/contracts/koinon/chain/v1/chain_service";
import { WithdrawalServiceDefinition } from "@koinon/contracts/koinon/chain/v1/withdrawal_service";
import { type SystemClock, systemClock } from "@koinon/runtime/clock";
import type { ModuleDefinition, ModuleDependencies } from "@koinon/runtime/module";
import { queuesWithdrawals } from "./chain-settings.ts";
import { type ChainModuleConfig, chainConfig } from "./config.ts";
import { RemoteShard } from "./remote-shard.ts";
import { Shard } from "./shard.ts";

/** A shard of the chain; over the engine of another client it is the proposer alone, and has no chain to serve. */
export const chainModule: ModuleDefinition<ChainModuleConfig> = {
  name: "chain",
  config: chainConfig,
  provides: [ChainServiceDefinition, WithdrawalServiceDefinition],
  requires: [],
  provided: (config) => [
    ...(config.engineUrl === undefined ? [ChainServiceDefinition] : []),
    ...(queuesWithdrawals(config) ? [WithdrawalServiceDefinition] : []),
  ],
  create: (config, dependencies) => {
    const { engineUrl } = config;
    const given = withSystemClock(dependencies);
    return engineUrl === undefined ? Shard.open(config, given) : RemoteShard.open(config, engineUrl, given);
  },
};

function withSystemClock(dependencies: ModuleDependencies): ModuleDependencies & { readonly clock: SystemClock } {
  return { ...dependencies, clock: { ...systemClock, now: () => dependencies.clock.now() } };
}
