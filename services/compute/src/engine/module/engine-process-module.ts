import { fileURLToPath } from "node:url";
import { healthOf } from "@koinon/runtime/health";
import type { Module, ModuleDefinition, ModuleDependencies } from "@koinon/runtime/module";
import { EngineProcess } from "../process/engine-process.ts";
import { type EngineProcessConfig, engineProcessConfig } from "./config.ts";

const restart = { firstDelayMs: 250, maxDelayMs: 30_000 };
/** Models of many gigabytes are hashed and read from a slow disk. */
const startMs = 10 * 60_000;
const drainMs = 3_000;

/** Runs an engine process beside this one, on a unix socket, and keeps it running. It serves itself; this module has no rpc. */
export const engineProcessModule: ModuleDefinition<EngineProcessConfig> = {
  name: "engine-process",
  config: engineProcessConfig,
  provides: [],
  requires: [],
  create: async (config, deps) => createEngineProcessModule(config, deps),
};

function createEngineProcessModule(config: EngineProcessConfig, { log, clock, meter }: ModuleDependencies): Module {
  const main = fileURLToPath(new URL("../process/engine-main.js", import.meta.url));
  const engine = new EngineProcess(
    { order: { ...config, drainMs }, command: [process.execPath, "--enable-source-maps", main], startMs, restart },
    { log, clock },
  );
  meter
    .createObservableGauge("engine.process.restarts", {
      description: "Times the engine process was started again.",
    })
    .addCallback((result) => result.observe(engine.state.restarts));
  return {
    name: "engine-process",
    services: [],
    start: (signal) => engine.start(signal),
    stop: () => engine.stop(),
    health: () => {
      const { state, detail } = engine.state;
      return healthOf([
        { name: "process", ok: state === "ready", detail: detail === "" ? state : `${state}: ${detail}` },
      ]);
    },
  };
}
