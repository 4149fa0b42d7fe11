import { availableParallelism } from "node:os";
import { type ConfigOf, declareConfig, setting } from "@koinon/runtime/config";
import { integer, list, text } from "@koinon/runtime/config-schemas";
import { z } from "zod";

const settings = {
  modelsFolder: setting({
    env: "ENGINE_MODELS_DIR",
    schema: text(),
    description: "Folder of the model store.",
  }),
  models: setting({
    env: "ENGINE_MODELS",
    schema: list(),
    default: "",
    description: "Names of the models to load, separated by commas; all of the store when empty.",
  }),
  threads: setting({
    env: "ENGINE_THREADS",
    schema: integer({ min: 0, max: 256 }).transform((threads) => threads || Math.max(1, availableParallelism() - 1)),
    default: "0",
    description: "Computing threads; 0 means all cores but one, which is fastest.",
  }),
  slots: setting({
    env: "ENGINE_SLOTS",
    schema: integer({ min: 1, max: 64 }),
    default: "2",
    description: "Generations decoded at once per chat model; each holds a context in memory.",
  }),
  queueMax: setting({
    env: "ENGINE_QUEUE_MAX",
    schema: integer({ min: 0, max: 10_000 }),
    default: "32",
    description: "Requests that may wait per model; one more is refused as overloaded.",
  }),
  contextTokensMax: setting({
    env: "ENGINE_CONTEXT_TOKENS_MAX",
    schema: integer({ min: 256, max: 2 ** 20 }),
    default: "4096",
    description: "Most tokens of context per slot; models made for less get less.",
  }),
};

/** Settings of the engine, in a process of its own. */
export const engineConfig = declareConfig(settings);

export type EngineConfig = ConfigOf<typeof engineConfig>;

const socket = setting({
  env: "ENGINE_SOCKET",
  schema: z.string("is not set").min(1).max(100, "unix socket paths are limited to about 100 bytes"),
  description: "Unix socket that the engine process serves on; its folder is made readable by the owner alone.",
});

/**
 * What the supervised process needs beside the engine's own settings.
 * @public the README's table is made from it
 */
export const engineSocketConfig = declareConfig({ socket });

/** Settings of the supervisor that runs an engine process beside this one. */
export const engineProcessConfig = declareConfig({ ...settings, socket });

export type EngineProcessConfig = ConfigOf<typeof engineProcessConfig>;
