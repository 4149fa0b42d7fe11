import { ContributionServiceDefinition } from "@koinon/contracts/koinon/poi/v1/contribution_service";
import { LogServiceDefinition } from "@koinon/contracts/koinon/poi/v1/log_service";
import type { ModuleDefinition } from "@koinon/runtime/module";
import { type PoiConfig, poiConfig } from "./config.ts";
import { Poi } from "./poi.ts";
import { settledEvents } from "./sequencer/leadership.ts";

/** poi as a host runs it. */
export const poiModule: ModuleDefinition<PoiConfig> = {
  name: "poi",
  config: poiConfig,
  provides: [LogServiceDefinition, ContributionServiceDefinition],
  requires: [],
  consumes: [settledEvents],
  create: async (config, dependencies) => new Poi(config, dependencies),
};
