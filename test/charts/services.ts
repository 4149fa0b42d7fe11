import { chainModule } from "@koinon/chain/module";
import { engineModule } from "@koinon/compute/engine/module";
import { marketModule } from "@koinon/compute/market/module";
import { providerModule } from "@koinon/compute/provider/module";
import { gatewayModule } from "@koinon/gateway/module";
import { poiModule } from "@koinon/poi/module";
import type { ModuleDefinition } from "@koinon/runtime/module";

/** The services that have a chart. */
export const chartNames = ["gateway", "market", "poi", "provider", "chain"] as const;
export type ChartName = (typeof chartNames)[number];

/** What each chart runs, and the engine beside the provider. */
export const definitions = {
  gateway: gatewayModule,
  market: marketModule,
  poi: poiModule,
  provider: providerModule,
  chain: chainModule,
  engine: engineModule,
} as Readonly<Record<ChartName | "engine", ModuleDefinition<unknown>>>;

/** The folder of `services/` whose image a module runs from. */
export const imageOf: Readonly<Record<ChartName | "engine", "gateway" | "compute" | "poi" | "chain">> = {
  gateway: "gateway",
  market: "compute",
  poi: "poi",
  provider: "compute",
  chain: "chain",
  engine: "compute",
};
