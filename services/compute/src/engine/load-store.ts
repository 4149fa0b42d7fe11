import { manifestBytes } from "@koinon/receipts/manifest";
import { chatTemplate } from "../models/describe.ts";
import { ModelError } from "../models/errors.ts";
import { readGgufFile } from "../models/gguf/read.ts";
import { manifestFromRecord } from "../models/manifest-from-record.ts";
import type { ModelRecord } from "../models/record.ts";
import { ModelStore } from "../models/store.ts";
import {
  type LlamaDependencies,
  LlamaGenerator,
  type LlamaModelFile,
  type LlamaOptions,
} from "./llama/llama-generator.ts";

/** The engine as manifests name it; the version is that of the package whose binary is loaded. */
export const manifestEngine = { name: "llama.cpp", version: "node-llama-cpp 3.22.1" };

/** OpenAI's defaults, for models that nothing is known about. */
const openAiSampling = { temperature: 1, topP: 1 };

/** Which models of a store to load, and how to run them. */
export interface LoadOptions extends Omit<LlamaOptions, "models"> {
  readonly modelsFolder: string;
  /** Names of the models; all of the store when empty. */
  readonly models: readonly string[];
}

/** Loads models of a store after checking that their weights are the recorded ones; throws ModelError when one is missing or changed. */
export async function loadGenerator(
  options: LoadOptions,
  dependencies: LlamaDependencies,
  signal: AbortSignal,
): Promise<LlamaGenerator> {
  const store = new ModelStore(options.modelsFolder);
  const records =
    options.models.length === 0 ? await store.list() : await Promise.all(options.models.map((name) => store.get(name)));
  if (records.length === 0) throw new ModelError({ code: "MODEL_UNKNOWN", name: `any in ${options.modelsFolder}` });
  const files: LlamaModelFile[] = [];
  for (const record of records) {
    await store.verify(record, signal);
    files.push(await modelFile(store, record));
  }
  return LlamaGenerator.load({ ...options, models: files }, dependencies);
}

async function modelFile(store: ModelStore, record: ModelRecord): Promise<LlamaModelFile> {
  const path = store.weightsPath(record);
  const { name, kind, weightsSha256, contextTokens, embeddingLength } = record;
  const template = record.chatTemplate ?? chatTemplate((await readGgufFile(path)).metadata);
  const sampling = record.sampling ?? openAiSampling;
  const manifest = (served: number) =>
    manifestBytes(manifestFromRecord(record, { contextTokens: served, engine: manifestEngine }));
  return {
    name,
    path,
    kind,
    weightsSha256,
    contextTokens,
    embeddingLength,
    chatTemplate: template,
    manifest,
    sampling,
  };
}
