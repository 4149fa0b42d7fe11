import { engineProcessModule } from "@koinon/compute/engine/process-module";
import { marketModule } from "@koinon/compute/market/module";
import { providerModule } from "@koinon/compute/provider/module";
import type { GatewayConfig } from "@koinon/gateway/config";
import { type GatewayModule, gatewayModule } from "@koinon/gateway/module";
import { poiModule } from "@koinon/poi/module";
import type { ModuleInstance } from "@koinon/runtime/host";
import type { ModuleDefinition } from "@koinon/runtime/module";
import type { Environment } from "./environment.ts";

/** The modules of the host's own process, and the gateway once the host has created it. */
export interface LaptopModules {
  readonly instances: readonly ModuleInstance[];
  gateway(): GatewayModule | undefined;
}

/** What runs inside the host: the engine's supervisor where models are our own, market, log, providers, gateway. */
export function laptopModules(
  ownEngine: boolean,
  providers: readonly { readonly name: string; readonly env: Environment }[],
): LaptopModules {
  let gateway: GatewayModule | undefined;
  const observedGateway: ModuleDefinition<GatewayConfig> = {
    ...gatewayModule,
    create: async (config, deps) => {
      gateway = await gatewayModule.create(config, deps);
      return gateway;
    },
  };
  const instances = [
    ...(ownEngine ? [{ definition: engineProcessModule }] : []),
    { definition: marketModule },
    { definition: poiModule },
    ...providers.map(({ name, env }) => ({ definition: providerModule, instance: name, env })),
    { definition: observedGateway },
  ] as readonly ModuleInstance[];
  return { instances, gateway: () => gateway };
}
