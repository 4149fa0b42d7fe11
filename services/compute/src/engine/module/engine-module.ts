import { EngineServiceDefinition } from "@koinon/contracts/koinon/compute/v1/engine_service";
import { healthOf } from "@koinon/runtime/health";
import type { Module, ModuleDefinition, ModuleDependencies } from "@koinon/runtime/module";
import { drawSeedFrom } from "../draw-seed.ts";
import { loadGenerator } from "../load-store.ts";
import { bindEngineService } from "../remote/engine-binding.ts";
import { type EngineConfig, engineConfig } from "./config.ts";

/** The role `engine`: llama.cpp in this very process. Give it a process to itself: decoding keeps its event loop busy. */
export const engineModule: ModuleDefinition<EngineConfig> = {
  name: "engine",
  config: engineConfig,
  provides: [EngineServiceDefinition],
  requires: [],
  create: createEngineModule,
};

async function createEngineModule(config: EngineConfig, { log, random, meter }: ModuleDependencies): Promise<Module> {
  const dependencies = {
    drawSeed: drawSeedFrom(random),
    logError: (text: string) => log.error({ engine: "llama.cpp", text }, "engine reports an error"),
  };
  const generator = await loadGenerator(config, dependencies, AbortSignal.timeout(10 * 60_000));
  const gauge = (name: string, description: string, read: () => number) =>
    meter.createObservableGauge(name, { description }).addCallback((result) => result.observe(read()));
  gauge("engine.requests.active", "Requests being decoded.", () => generator.health().active);
  gauge("engine.requests.queued", "Requests waiting for a slot.", () => generator.health().queued);
  return {
    name: "engine",
    services: [bindEngineService(generator)],
    start: async () => undefined,
    stop: () => generator.close(),
    health: () => {
      const { state, detail } = generator.health();
      return healthOf([{ name: "models", ok: state === "ready", detail }]);
    },
  };
}
