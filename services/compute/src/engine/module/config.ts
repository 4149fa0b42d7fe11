import { availableParallelism } from "node:os";
import { type ConfigDeclaration, declareConfig, setting } from "@koinon/runtime/config";
import { z } from "zod";

const count = (min: number, max: number) => z.coerce.number().int().min(min).max(max);

const settings = {
  modelsFolder: setting({
    env: "ENGINE_MODELS_DIR",
    schema: z.string().min(1),
    description: "Folder of the model store.",
  }),
  models: setting({
    env: "ENGINE_MODELS",
    schema: z.string().transform((text) => text.split(",").filter((name) => name !== "")),
    default: "",
    description: "Names of the models to load, separated by commas; all of the store when empty.",
  }),
  threads: setting({
    env: "ENGINE_THREADS",
    schema: count(0, 256).transform((threads) => threads || Math.max(1, availableParallelism() - 1)),
    default: "0",
    description: "Computing threads; 0 means all cores but one, which is fastest.",
  }),
  slots: setting({
    env: "ENGINE_SLOTS",
    schema: count(1, 64),
    default: "2",
    description: "Generations decoded at once per chat model; each holds a context in memory.",
  }),
  queueMax: setting({
    env: "ENGINE_QUEUE_MAX",
    schema: count(0, 10_000),
    default: "32",
    description: "Requests that may wait per model; one more is refused as overloaded.",
  }),
  contextTokensMax: setting({
    env: "ENGINE_CONTEXT_TOKENS_MAX",
    schema: count(256, 2 ** 20),
    default: "4096",
    description: "Most tokens of context per slot; models made for less get less.",
  }),
};

/** Settings of the engine, in a process of its own. */
export const engineConfig = declareConfig(settings);

export type EngineConfig = typeof engineConfig extends ConfigDeclaration<infer C> ? C : never;

/** Settings of the supervisor that runs an engine process beside this one. */
export const engineProcessConfig = declareConfig({
  ...settings,
  socket: setting({
    env: "ENGINE_SOCKET",
    schema: z.string().min(1).max(100, "unix socket paths are limited to about 100 bytes"),
    description: "Unix socket that the engine process serves on; its folder is made readable by the owner alone.",
  }),
});

export type EngineProcessConfig = typeof engineProcessConfig extends ConfigDeclaration<infer C> ? C : never;
